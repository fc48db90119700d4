namespace HslEmbeddingZero.Training;

/// <summary>
/// The ranks cannot work together: the launch variables contradict each other, the library for the exchange is missing, or a call of that
/// library failed. The message is one line and says what to do.
/// </summary>
public sealed class ProcessGroupException : Exception
{
    /// <summary>Creates the exception with the default message.</summary>
    public ProcessGroupException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    public ProcessGroupException(string message) : base(message)
    {
    }

    /// <summary>
    /// Whether another rank failed, and this one only cannot go on without it. The message of the other rank says why. A program that
    /// prints its errors should let the other rank speak first: its end ends all ranks.
    /// </summary>
    /// <value>false by default.</value>
    public bool IsOfAnotherRank { get; init; }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ProcessGroupException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

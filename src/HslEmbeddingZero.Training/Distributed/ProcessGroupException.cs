namespace HslEmbeddingZero.Training;

/// <summary>
/// The processes of a group cannot work together: the group cannot be joined, or a call of its library failed. The message names the cause
/// and what to do.
/// </summary>
public class ProcessGroupException : Exception
{
    /// <summary>Creates the exception with the default message.</summary>
    public ProcessGroupException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What failed, on which rank, and what to do.</param>
    public ProcessGroupException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What failed, on which rank, and what to do.</param>
    /// <param name="innerException">The error behind it.</param>
    public ProcessGroupException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

namespace HslEmbeddingZero.Training;

/// <summary>The processes of a group cannot work together: they were started wrongly, a library is missing, or one of them failed.</summary>
public sealed class ProcessGroupException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public ProcessGroupException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public ProcessGroupException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public ProcessGroupException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

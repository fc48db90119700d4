namespace HslEmbeddingZero.Training;

/// <summary>
/// A checkpoint that is not one, is damaged, or belongs to another run; the message names the file and what does not fit.
/// </summary>
public sealed class CheckpointException : IOException
{
    /// <summary>Creates the exception without a message.</summary>
    public CheckpointException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public CheckpointException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public CheckpointException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

namespace HslEmbeddingZero.Training;

/// <summary>
/// The file is not a checkpoint, is damaged, or belongs to another run. The message names the file and what does not fit.
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

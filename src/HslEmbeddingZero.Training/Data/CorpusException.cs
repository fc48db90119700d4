namespace HslEmbeddingZero.Training;

/// <summary>A corpus file that cannot be used. The message names the file, the value found and the limit it broke.</summary>
public sealed class CorpusException : IOException
{
    /// <summary>A corpus file that cannot be used.</summary>
    /// <param name="message">The file, the value and the limit.</param>
    public CorpusException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">The file, the value and the limit.</param>
    /// <param name="innerException">The cause.</param>
    public CorpusException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

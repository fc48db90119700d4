namespace HslEmbeddingZero.Knowledge;

/// <summary>A store or a source that cannot be used. The message names the file, the value and the limit.</summary>
public sealed class KnowledgeException : IOException
{
    /// <summary>Creates the exception with the default message.</summary>
    public KnowledgeException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What is wrong: file, value and limit.</param>
    public KnowledgeException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What is wrong: file, value and limit.</param>
    /// <param name="innerException">The cause.</param>
    public KnowledgeException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

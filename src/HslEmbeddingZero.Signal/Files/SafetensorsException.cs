namespace HslEmbeddingZero;

/// <summary>
/// A safetensors file that breaks the format, tensors that the format cannot hold, or tensors that do not fit the module they are
/// meant for. The message names the file, the value found and what was expected.
/// </summary>
public class SafetensorsException : IOException
{
    /// <summary>Creates the exception with the default message.</summary>
    public SafetensorsException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What is wrong: file, value and limit.</param>
    public SafetensorsException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What is wrong: file, value and limit.</param>
    /// <param name="innerException">The error that caused this one.</param>
    public SafetensorsException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

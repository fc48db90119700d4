namespace HslEmbeddingZero;

/// <summary>
/// libtorch, or TorchSharp's own native library, cannot be loaded. The message says what was tried, what the cause is and how to fix it.
/// </summary>
public class TorchRuntimeException : Exception
{
    /// <summary>Creates the exception with the default message.</summary>
    public TorchRuntimeException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What was tried, what the cause is and how to fix it.</param>
    public TorchRuntimeException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What was tried, what the cause is and how to fix it.</param>
    /// <param name="innerException">The loader's own error.</param>
    public TorchRuntimeException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

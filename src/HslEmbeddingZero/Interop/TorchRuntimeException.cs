namespace HslEmbeddingZero;

/// <summary>
/// libtorch, or TorchSharp's own native library, cannot be loaded. The message names what was tried, the cause and the cure.
/// </summary>
public class TorchRuntimeException : Exception
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public TorchRuntimeException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What was tried, the cause and the cure.</param>
    public TorchRuntimeException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What was tried, the cause and the cure.</param>
    /// <param name="innerException">The loader's own error.</param>
    public TorchRuntimeException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

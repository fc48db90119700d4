namespace HslEmbeddingZero;

/// <summary>The operators that compute attention in an ONNX file.</summary>
public enum OnnxAttention
{
    /// <summary>
    /// Standard operators, for any runtime. A step returns the keys and values of all positions as new tensors, which are one position
    /// longer, so it becomes slower with the length of the stream.
    /// </summary>
    Standard,

    /// <summary>
    /// <c>com.microsoft.GroupQueryAttention</c>, for ONNX Runtime. A step writes its keys and values into the buffers of the earlier ones,
    /// so long streams are faster.
    /// </summary>
    GroupQuery,
}

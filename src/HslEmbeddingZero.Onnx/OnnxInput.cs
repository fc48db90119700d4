namespace HslEmbeddingZero;

/// <summary>What an ONNX file reads at each step.</summary>
public enum OnnxInput
{
    /// <summary>The last ids. The door is in the graph.</summary>
    Ids,

    /// <summary>The vector that the door has made of them. The door is outside, and its weights are not in the file.</summary>
    Rows,
}

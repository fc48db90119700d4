namespace HslEmbeddingZero;

/// <summary>The form of an ONNX file that <see cref="OnnxExport"/> writes.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>The operators that compute attention.</summary>
    /// <value><see cref="OnnxAttention.Standard"/> by default.</value>
    public OnnxAttention Attention { get; init; }

    /// <summary>What the graph reads at each step.</summary>
    /// <value><see cref="OnnxInput.Ids"/> by default.</value>
    public OnnxInput Input { get; init; }

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        OptionRange.Require(Enum.IsDefined(Attention), nameof(Attention), Attention, "Standard or GroupQuery");
        OptionRange.Require(Enum.IsDefined(Input), nameof(Input), Input, "Ids or Rows");
    }
}

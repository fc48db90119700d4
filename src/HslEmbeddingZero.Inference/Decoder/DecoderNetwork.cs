namespace HslEmbeddingZero;

/// <summary>
/// The weights of a <c>ByteTransformer</c> in the form that the decoder reads. Nothing in it changes, so threads share it.
/// </summary>
internal sealed record DecoderNetwork(
    ByteTransformerOptions Body, DecoderDoor Door, DecoderLayer[] Layers, DecoderNorm Norm, PanelMatrix Head)
{
    public int Dim => Body.Dim;

    public int HeadDim => Body.Dim / Body.Heads;

    /// <summary>Floats of a row of Dim columns.</summary>
    public int DimStride { get; } = Panels.Padded(Body.Dim);

    /// <summary>Bytes of all matrices: what one byte of one stream reads.</summary>
    public long WeightBytes => Head.Bytes + Layers.Sum(layer => layer.Bytes);
}

/// <summary>One layer: attention, feed-forward, and the memory if there is one.</summary>
internal sealed record DecoderLayer(
    DecoderNorm AttentionNorm, PanelMatrix AttentionInput, PanelMatrix AttentionOutput, DecoderNorm FeedForwardNorm, PanelMatrix Widen,
    PanelMatrix Narrow, DecoderMemory? Memory)
{
    public long Bytes => AttentionInput.Bytes + AttentionOutput.Bytes + Widen.Bytes + Narrow.Bytes
        + (Memory is null ? 0 : Memory.Input.Bytes + Memory.Output.Bytes);
}

/// <summary>The fast-weight memory of a layer.</summary>
/// <param name="Norm">The norm before it.</param>
/// <param name="Input">Queries, keys and values.</param>
/// <param name="Output">The layer that writes to the residual stream.</param>
/// <param name="Gate">tanh of the gate's weight.</param>
internal sealed record DecoderMemory(DecoderNorm Norm, PanelMatrix Input, PanelMatrix Output, float Gate);

/// <summary>A layer norm.</summary>
internal sealed class DecoderNorm
{
    public DecoderNorm(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        Weight = Copy(weight);
        Bias = Copy(bias);
    }

    public AlignedMemory Weight { get; }

    public AlignedMemory Bias { get; }

    private static unsafe AlignedMemory Copy(ReadOnlySpan<float> values)
    {
        var copy = AlignedMemory.OfFloats(Panels.Padded(values.Length));
        values.CopyTo(new Span<float>(copy.Floats, values.Length));
        return copy;
    }
}

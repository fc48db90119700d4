namespace HslEmbeddingZero;

/// <summary>The two options of the feature layout. The default is the plain 27-D layout.</summary>
/// <param name="IncludeBits">
/// Whether the 8 raw bits of the byte, most significant first, precede the 27 columns, which makes them 35.
/// </param>
/// <param name="MomentumPhase">
/// Whether the two phase columns are scaled by r = 0.5 + 0.5·|v_i - v_{i-1}| / 256, where v is 0 before the first byte. The number of
/// columns does not change.
/// </param>
public readonly record struct HslFeatureOptions(bool IncludeBits = false, bool MomentumPhase = false)
{
    /// <summary>Columns of one row.</summary>
    /// <value>27, or 35 with <see cref="IncludeBits"/>.</value>
    public int Dimension => IncludeBits ? HslFeatures.FullDimension : HslFeatures.Dimension;
}

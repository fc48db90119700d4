namespace HslEmbeddingZero;

/// <summary>A row of weights as int8 numbers with one scale: weight ≈ scale · number. The largest magnitude becomes 127.</summary>
internal static class Int8Row
{
    private const float Most = 127;

    /// <summary>The scale of a row; 0 if all weights are 0.</summary>
    /// <exception cref="NotFiniteNumberException">A weight is NaN or infinite.</exception>
    public static float Scale(ReadOnlySpan<float> weights)
    {
        float most = 0;
        foreach (float weight in weights)
        {
            if (!float.IsFinite(weight)) throw new NotFiniteNumberException($"a weight is {weight}, which int8 cannot hold", weight);
            most = MathF.Max(most, MathF.Abs(weight));
        }

        return most / Most;
    }

    /// <summary>The nearest number, ties to even.</summary>
    public static sbyte Quantize(float weight, float scale) => scale == 0 ? (sbyte)0 : (sbyte)MathF.Round(weight / scale);
}

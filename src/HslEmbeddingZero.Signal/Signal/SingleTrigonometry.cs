namespace HslEmbeddingZero;

/// <summary>
/// Cosine and sine in single precision throughout. The reference values of the phase columns were computed in float32. For two bytes in
/// five they differ in the last place from the float nearest to the true cosine. This class uses the same evaluation order: the quarter
/// turn nearest to the angle, the remainder by a three-term Cody-Waite subtraction, a polynomial of degree 8 or 9. Every step is one fused
/// multiply-add. <see cref="MathF.FusedMultiplyAdd"/> rounds once on every machine, so the table is the same everywhere.
/// </summary>
internal static class SingleTrigonometry
{
    // 2/π, and π/2 as a sum of three floats of falling size: q·(a + b + c) is subtracted from the angle without a cancellation error.
    private const float TwoOverPi = 0.63661975f;
    private const float HalfPiHigh = 1.570796f;
    private const float HalfPiMiddle = 3.1391647e-07f;
    private const float HalfPiLow = 5.3903025e-15f;

    // Adding 1.5·2^23 leaves no bits for a fraction: the sum is rounded to the nearest integer.
    private const float RoundToInteger = 12582912f;

    /// <summary>The cosine of an angle in radians, |angle| below a few thousand.</summary>
    public static float Cos(float angle)
    {
        (int quarter, float remainder) = Reduce(angle);
        return Evaluate(quarter + 1, remainder);
    }

    /// <summary>The sine of an angle in radians, |angle| below a few thousand.</summary>
    public static float Sin(float angle)
    {
        (int quarter, float remainder) = Reduce(angle);
        return Evaluate(quarter, remainder);
    }

    private static (int Quarter, float Remainder) Reduce(float angle)
    {
        float quarter = MathF.FusedMultiplyAdd(angle, TwoOverPi, RoundToInteger) - RoundToInteger;
        float remainder = MathF.FusedMultiplyAdd(quarter, -HalfPiHigh, angle);
        remainder = MathF.FusedMultiplyAdd(quarter, -HalfPiMiddle, remainder);
        remainder = MathF.FusedMultiplyAdd(quarter, -HalfPiLow, remainder);
        return ((int)quarter, remainder);
    }

    // Sine of (quarter · π/2 + r): even quarters take the sine of r, odd ones its cosine, and the second half-turn negates.
    private static float Evaluate(int quarter, float r)
    {
        float square = r * r;
        float value = (quarter & 1) == 0 ? SinePolynomial(r, square) : CosinePolynomial(square);
        return (quarter & 2) == 0 ? value : -value;
    }

    private static float CosinePolynomial(float square)
    {
        float sum = 2.4372266e-05f;
        sum = MathF.FusedMultiplyAdd(sum, square, -0.001388652f);
        sum = MathF.FusedMultiplyAdd(sum, square, 0.04166662f);
        sum = MathF.FusedMultiplyAdd(sum, square, -0.5f);
        return MathF.FusedMultiplyAdd(sum, square, 1f);
    }

    private static float SinePolynomial(float r, float square)
    {
        float sum = 2.8404097e-06f;
        sum = MathF.FusedMultiplyAdd(sum, square, -0.00019856491f);
        sum = MathF.FusedMultiplyAdd(sum, square, 0.008333397f);
        sum = MathF.FusedMultiplyAdd(sum, square, -0.16666667f);
        return MathF.FusedMultiplyAdd(sum * square, r, r);
    }
}

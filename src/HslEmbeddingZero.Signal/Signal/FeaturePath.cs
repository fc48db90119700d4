namespace HslEmbeddingZero;

/// <summary>The ways to write feature rows. All give the same floats; they differ in the width of their stores.</summary>
internal enum FeaturePath
{
    /// <summary>One float at a time, on any machine.</summary>
    Scalar,

    /// <summary>4 floats at a time (SSE, NEON).</summary>
    Vector128,

    /// <summary>8 floats at a time (AVX).</summary>
    Vector256,

    /// <summary>16 floats at a time (AVX-512).</summary>
    Vector512,
}

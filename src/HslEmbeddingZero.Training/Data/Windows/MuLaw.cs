namespace HslEmbeddingZero.Training;

/// <summary>
/// μ-law companding of sound to bytes, 256 channels, in torchaudio's convention: -1 is code 0, 0 is code 128, +1 is code 255.
/// </summary>
/// <remarks>
/// With μ = 255, a sample x is companded to y = sign(x)·ln(1 + μ|x|) / ln(1 + μ) and stored as floor(μ(y + 1)/2 + ½). Steps are even in y,
/// so they are fine near silence and coarse near full scale. The decoded sample differs from x by at most (1/μ + |x|)·0.022, half a step,
/// because 256^(1/255) = 1.02198. Code 128 is half a step above silence and decodes to 0.00009.
/// </remarks>
public static class MuLaw
{
    private const double Mu = 255;
    private static readonly double LogRange = Math.Log(1 + Mu);
    private static readonly float[] Decoded = DecodingTable();

    /// <summary>The code of one sample.</summary>
    /// <param name="sample">A sample in [-1, 1]. Louder samples are clipped.</param>
    /// <exception cref="NotFiniteNumberException">The sample is NaN.</exception>
    public static byte Encode(float sample)
    {
        if (float.IsNaN(sample)) throw new NotFiniteNumberException("A sample of sound is NaN.", sample);
        double x = Math.Clamp((double)sample, -1, 1);
        double companded = Math.CopySign(Math.Log(1 + (Mu * Math.Abs(x))) / LogRange, x);
        return (byte)(((companded + 1) / 2 * Mu) + 0.5);
    }

    /// <summary>The sample in [-1, 1] for a code.</summary>
    /// <param name="code">The code.</param>
    public static float Decode(byte code) => Decoded[code];

    /// <summary>Encodes many samples.</summary>
    /// <param name="samples">Samples in [-1, 1].</param>
    /// <param name="codes">Receives one code per sample.</param>
    /// <exception cref="ArgumentException"><paramref name="codes"/> is shorter than <paramref name="samples"/>.</exception>
    /// <exception cref="NotFiniteNumberException">A sample is NaN. No code is written.</exception>
    public static void Encode(ReadOnlySpan<float> samples, Span<byte> codes)
    {
        CheckRoom(samples.Length, codes.Length, nameof(codes));
        for (int i = 0; i < samples.Length; i++)
            if (float.IsNaN(samples[i])) throw new NotFiniteNumberException($"Sample {i} of {samples.Length} is NaN.", samples[i]);
        for (int i = 0; i < samples.Length; i++)
            codes[i] = Encode(samples[i]);
    }

    /// <summary>Decodes many codes.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="samples">Receives one sample per code.</param>
    /// <exception cref="ArgumentException"><paramref name="samples"/> is shorter than <paramref name="codes"/>.</exception>
    public static void Decode(ReadOnlySpan<byte> codes, Span<float> samples)
    {
        CheckRoom(codes.Length, samples.Length, nameof(samples));
        for (int i = 0; i < codes.Length; i++)
            samples[i] = Decoded[codes[i]];
    }

    private static float[] DecodingTable()
    {
        float[] table = new float[256];
        for (int code = 0; code < table.Length; code++)
        {
            double companded = (2 * code / Mu) - 1;
            table[code] = (float)Math.CopySign((Math.Exp(Math.Abs(companded) * LogRange) - 1) / Mu, companded);
        }

        return table;
    }

    private static void CheckRoom(int needed, int given, string name)
    {
        if (given < needed)
            throw new ArgumentException($"The destination holds {given} values; {needed} are needed.", name);
    }
}

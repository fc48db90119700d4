namespace HslEmbeddingZero;

/// <summary>
/// The 27 frozen signal features of every byte (35 with the raw bits in front), as row-major floats. They use no learned parameter and no
/// data: a row depends only on its byte and at most two bytes before it.
/// </summary>
/// <remarks>
/// Columns of the 27-D layout, following the published hsl-embedding codec:
/// <list type="table">
/// <item><term>0-7</term><description>Δ: the bits of gray(v) = v ^ (v &gt;&gt; 1), most significant first, in {0, 1}</description></item>
/// <item><term>8-15</term><description>Δ²: the bits of gray(v_i) ^ gray(v_{i-1}), in {0, 1}; the first byte's partner is
/// 0</description></item>
/// <item><term>16</term><description>boundary: with energies e_j = Δ_j + Δ²_j / 2, the mean over the last 4 bits of byte i-1 and the
/// first 5 of byte i, or over the first 5 bits alone for the first byte, in [0, 1.5]</description></item>
/// <item><term>17-24</term><description>8-point real DFT of the bits, real parts 0-4 then imaginary parts 1-3, in [-4,
/// 8]</description></item>
/// <item><term>25-26</term><description>cosine and sine of 2π·v/256, in [-1, 1]</description></item>
/// </list>
/// Empty input counts as one 0x00 byte. All methods are safe to call from several threads; source and destination must not overlap.
/// </remarks>
public static class HslFeatures
{
    /// <summary>Columns of the plain layout.</summary>
    public const int Dimension = 27;

    /// <summary>Columns of the layout with the raw bits in front.</summary>
    public const int FullDimension = 35;

    /// <summary>Columns that are pure functions of the byte: Δ, Fourier, phase.</summary>
    public const int ValueDimension = 18;

    /// <summary>Columns that depend on the bytes before: Δ², boundary.</summary>
    public const int ContextDimension = 9;

    // With fewer rows per task, starting the task costs more than it gains.
    private const int RowsPerTask = 8192;

    private static readonly string[] _fullNames =
    [
        .. Numbered("bit", 0, 8), .. Numbered("dxor", 0, 8), .. Numbered("d2xor", 0, 8), "boundary",
        .. Numbered("fft_re", 0, 5), .. Numbered("fft_im", 1, 3), "phase_cos", "phase_sin",
    ];

    private static readonly IReadOnlyList<string> _namesWithBits = Array.AsReadOnly(_fullNames);
    private static readonly IReadOnlyList<string> _names = Array.AsReadOnly(_fullNames[8..]);

    /// <summary>The names of the columns, in order.</summary>
    /// <param name="includeBits">Whether to name the 35-D layout rather than the 27-D one.</param>
    /// <returns>27 or 35 names, such as <c>dxor0</c>, <c>d2xor7</c>, <c>boundary</c>, <c>fft_im1</c>, <c>phase_sin</c>.</returns>
    public static IReadOnlyList<string> Names(bool includeBits = false) => includeBits ? _namesWithBits : _names;

    /// <summary>Number of floats in the features of this many bytes: max(1, bytes) rows.</summary>
    /// <param name="byteCount">Bytes of input, at least 0. Empty input takes one row, because it counts as one 0x00 byte.</param>
    /// <param name="options">The layout.</param>
    /// <returns>Rows times columns. It may exceed what one span or array holds: encode such input in pieces.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="byteCount"/> is negative, or the product overflows.</exception>
    public static long Length(long byteCount, HslFeatureOptions options = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteCount, long.MaxValue / FullDimension);
        return Math.Max(1, byteCount) * options.Dimension;
    }

    /// <summary>Writes the features of a whole input. Allocates nothing.</summary>
    /// <param name="bytes">The input, L bytes; empty counts as one 0x00 byte.</param>
    /// <param name="destination">Receives [max(1, L), 27|35] floats, row-major; anything beyond them stays unchanged.</param>
    /// <param name="options">The layout.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static void Encode(ReadOnlySpan<byte> bytes, Span<float> destination, HslFeatureOptions options = default)
    {
        bytes = OrOneZero(bytes);
        CheckRoom(bytes.Length, destination.Length, options, nameof(destination));
        EncodeFastest(bytes, default, destination, options, bytes.Length);
    }

    /// <summary>The features of a whole input, in a new array.</summary>
    /// <param name="bytes">The input, L bytes; empty counts as one 0x00 byte.</param>
    /// <param name="options">The layout.</param>
    /// <returns>[max(1, L), 27|35] floats, row-major.</returns>
    /// <exception cref="ArgumentException">The features would not fit one array; encode in pieces instead.</exception>
    public static float[] Encode(ReadOnlySpan<byte> bytes, HslFeatureOptions options = default)
    {
        long length = Length(bytes.Length, options);
        if (length > Array.MaxLength)
        {
            throw new ArgumentException(
                $"The {options.Dimension}-D features of {bytes.Length} bytes are {length} floats, and an array holds at most "
                    + $"{Array.MaxLength}; encode in pieces with {nameof(HslContext)}.",
                nameof(bytes));
        }

        float[] destination = GC.AllocateUninitializedArray<float>((int)length);
        Encode(bytes, destination, options);
        return destination;
    }

    /// <summary>
    /// Writes the features of one piece of a longer input. The rows of all pieces, whatever their sizes, equal those of one call over the
    /// whole input. So the length of an input has no limit here. Allocates nothing.
    /// </summary>
    /// <param name="piece">L consecutive bytes of the input. An empty piece writes nothing.</param>
    /// <param name="context">The bytes before the piece; the default for the first piece, then <see cref="HslContext.After"/>.</param>
    /// <param name="destination">Receives [L, 27|35] floats, row-major; anything beyond them stays unchanged.</param>
    /// <param name="options">The layout.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="destination"/> is too short, or <paramref name="context"/> holds a byte before the previous one but no previous
    /// byte.
    /// </exception>
    public static void Encode(ReadOnlySpan<byte> piece, HslContext context, Span<float> destination, HslFeatureOptions options = default)
    {
        context.Validate(nameof(context));
        CheckRoom(piece.Length, destination.Length, options, nameof(destination));
        EncodeFastest(piece, context, destination, options, piece.Length);
    }

    /// <summary>Writes the features of a whole input on several cores. The result equals that of one core exactly.</summary>
    /// <param name="bytes">The input, L bytes; empty counts as one 0x00 byte.</param>
    /// <param name="destination">Receives [max(1, L), 27|35] floats, row-major; anything beyond them stays unchanged.</param>
    /// <param name="options">The layout.</param>
    /// <param name="maxDegreeOfParallelism">The most cores to use, at least 1; -1 for all of them.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxDegreeOfParallelism"/> is neither -1 nor positive.</exception>
    public static void EncodeParallel(
        ReadOnlyMemory<byte> bytes,
        Memory<float> destination,
        HslFeatureOptions options = default,
        int maxDegreeOfParallelism = -1)
    {
        if (maxDegreeOfParallelism is 0 or < -1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxDegreeOfParallelism), maxDegreeOfParallelism, "The number of cores must be positive, or -1 for all of them.");
        }

        int cores = maxDegreeOfParallelism < 0 ? Environment.ProcessorCount : maxDegreeOfParallelism;
        int tasks = (int)Math.Min(bytes.Length / RowsPerTask, 4L * cores);
        if (cores == 1 || tasks <= 1)
        {
            Encode(bytes.Span, destination.Span, options);
            return;
        }

        CheckRoom(bytes.Length, destination.Length, options, nameof(destination));
        var parallelOptions = new ParallelOptions { MaxDegreeOfParallelism = cores };
        Parallel.For(0, tasks, parallelOptions, task =>
        {
            int start = (int)((long)bytes.Length * task / tasks);
            int end = (int)((long)bytes.Length * (task + 1) / tasks);
            HslContext context = default(HslContext).After(bytes.Span[Math.Max(0, start - 2)..start]);
            int dimension = options.Dimension;
            Span<float> rows = destination.Span[(start * dimension)..(end * dimension)];
            EncodeFastest(bytes.Span[start..end], context, rows, options, bytes.Length);
        });
    }

    /// <summary>Encodes a whole input with a chosen kernel, so that tests and benchmarks can compare kernels.</summary>
    internal static void Encode(
        ReadOnlySpan<byte> bytes, Span<float> destination, HslFeatureOptions options, FeaturePath path, bool stream)
    {
        bytes = OrOneZero(bytes);
        CheckRoom(bytes.Length, destination.Length, options, nameof(destination));
        FeatureKernel.Write(bytes, default, destination, options, path, stream);
    }

    private static ReadOnlySpan<byte> OrOneZero(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? [0] : bytes;

    // The size of the whole output decides about streaming. These rows may be only one core's share of it.
    private static void EncodeFastest(
        ReadOnlySpan<byte> bytes, HslContext context, Span<float> destination, HslFeatureOptions options, int allRows)
    {
        bool stream = (long)allRows * options.Dimension * sizeof(float) >= FeatureKernel.StreamFromBytes;
        FeaturePath path = stream ? FeatureKernel.Widest : FeatureKernel.InPlace(options);
        FeatureKernel.Write(bytes, context, destination, options, path, stream);
    }

    private static void CheckRoom(int rows, int available, HslFeatureOptions options, string parameterName)
    {
        long needed = (long)rows * options.Dimension;
        if (available < needed)
        {
            throw new ArgumentException(
                $"The {options.Dimension}-D features of {rows} bytes need {needed} floats; the destination holds {available}.",
                parameterName);
        }
    }

    private static IEnumerable<string> Numbered(string prefix, int first, int count)
        => Enumerable.Range(first, count).Select(number => $"{prefix}{number}");
}

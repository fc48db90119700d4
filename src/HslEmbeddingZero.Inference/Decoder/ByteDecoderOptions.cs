namespace HslEmbeddingZero;

/// <summary>How a <see cref="ByteDecoder"/> stores its weights and its cache, and how many threads it uses.</summary>
public sealed record ByteDecoderOptions
{
    /// <summary>
    /// How the matrices are stored. Null keeps bfloat16, float32 and int8 as they are in the file; other types become float32.
    /// </summary>
    /// <value>Null by default.</value>
    public DecoderPrecision? Weights { get; init; }

    /// <summary>
    /// How keys and values of earlier positions are stored: float32, or bfloat16 for half the memory and faster long streams.
    /// </summary>
    /// <value>Float32 by default.</value>
    public DecoderPrecision Cache { get; init; } = DecoderPrecision.Float32;

    /// <summary>Threads that compute one byte together, 1 to 64. The number changes the speed, not the result.</summary>
    /// <value>1 by default.</value>
    public int Threads { get; init; } = 1;

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        OptionRange.Require(
            Weights is null || Enum.IsDefined(Weights.Value), nameof(Weights), Weights ?? default, "one of the named values");
        OptionRange.Require(
            Cache is DecoderPrecision.Float32 or DecoderPrecision.BFloat16, nameof(Cache), Cache, "Float32 or BFloat16");
        OptionRange.Require(Threads is >= 1 and <= WorkerTeam.MostThreads, nameof(Threads), Threads, $"1 to {WorkerTeam.MostThreads}");
    }
}

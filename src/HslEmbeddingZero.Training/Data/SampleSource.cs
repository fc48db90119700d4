namespace HslEmbeddingZero.Training;

/// <summary>How many ids of a sample are given as context and how many are scored.</summary>
/// <param name="ContextLength">Ids read through the input door, as the prefix; 1 or more.</param>
/// <param name="TargetLength">Ids predicted and scored, one by one; 1 or more.</param>
public readonly record struct SampleShape(int ContextLength, int TargetLength)
{
    /// <summary>Ids of the whole sample, context and target together.</summary>
    public int Length => ContextLength + TargetLength;
}

/// <summary>Selects a sample of a run. It is a pure function of the run's seed and the sample's position in the run.</summary>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Index">Number of the sample in the stream of its source: 0, 1, 2, ... in the order of training.</param>
/// <param name="Uniform">A random number in [0, 1), drawn for this sample only.</param>
public readonly record struct SampleDraw(int Seed, long Index, double Uniform)
{
    /// <summary>A whole number from 0 to <paramref name="count"/> - 1, all equally likely.</summary>
    /// <param name="count">How many there are to choose from, 1 or more.</param>
    public long Below(long count) => (long)(Uniform * count);
}

/// <summary>
/// A source of samples of one kind: a name, a weight, a shape, the samples to train on and the held-out samples. Text, video and captions
/// are such sources. <see cref="DelegateSource"/> makes a source from a method.
/// </summary>
/// <remarks>
/// A source has no state: the same draw gives the same sample on any thread. Therefore a run can resume at any step, and every arm of a
/// comparison sees the same bytes.
/// </remarks>
public abstract class SampleSource
{
    private const int LongestName = 64;

    /// <summary>Sets name, shape and weight.</summary>
    /// <param name="name">Name in progress, metrics and results: 1 to 64 letters, digits, '.', '-' or '_'.</param>
    /// <param name="shape">Lengths of context and target, the same for all samples.</param>
    /// <param name="weight">
    /// How often the source is sampled, relative to the weights of the other sources; 0 or more. With 0, it is only scored.
    /// </param>
    /// <exception cref="ArgumentException">The name has an invalid character or length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length is below 1, or the weight is negative or not finite.</exception>
    protected SampleSource(string name, SampleShape shape, double weight)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > LongestName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            throw new ArgumentException(
                $"Source name '{name}': it must have 1 to {LongestName} characters, each a letter (a-z), a digit, '.', '-' or '_'.",
                nameof(name));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(shape.ContextLength, 1, nameof(shape));
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.TargetLength, 1, nameof(shape));
        OptionRange.Require(weight >= 0 && double.IsFinite(weight), nameof(weight), weight, "0 or more, and finite");
        Name = name;
        Shape = shape;
        Weight = weight;
    }

    /// <summary>Name in progress, metrics and results.</summary>
    public string Name { get; }

    /// <summary>Lengths of context and target.</summary>
    public SampleShape Shape { get; }

    /// <summary>How often the source is sampled, as a weight. Only the ratios of the sources' weights matter.</summary>
    public double Weight { get; }

    /// <summary>
    /// Text that identifies the samples, such as digests of files. Equal text means equal samples. A checkpoint with another text is
    /// refused.
    /// </summary>
    public abstract string Fingerprint { get; }

    /// <summary>The samples to score, or null if the source has none.</summary>
    public abstract HeldOutSamples? HeldOut { get; }

    /// <summary>
    /// Whether targets may contain <see cref="ByteIds.Mask"/>, which is not scored: padding after a target that is shorter than
    /// <see cref="SampleShape.TargetLength"/>. The loss of a batch is then the mean over its samples, whatever their lengths.
    /// </summary>
    /// <value>false by default.</value>
    public virtual bool HasPadding => false;

    /// <summary>Writes one training sample.</summary>
    /// <param name="draw">Which sample.</param>
    /// <param name="context">Receives all <see cref="SampleShape.ContextLength"/> ids, 0 to 257.</param>
    /// <param name="targets">Receives all <see cref="SampleShape.TargetLength"/> ids, 0 to 257.</param>
    /// <exception cref="InvalidOperationException">The source has nothing to train on.</exception>
    public abstract void Fill(SampleDraw draw, Span<short> context, Span<short> targets);
}

/// <summary>Writes the sample of a draw: all ids of context and targets, each 0 to 257.</summary>
/// <param name="draw">Which sample; the same draw must give the same ids, on any thread.</param>
/// <param name="context">Receives the context.</param>
/// <param name="targets">Receives the targets.</param>
public delegate void SampleFill(SampleDraw draw, Span<short> context, Span<short> targets);

/// <summary>A source whose samples come from a method of the caller.</summary>
public sealed class DelegateSource : SampleSource
{
    private readonly SampleFill _fill;

    /// <summary>Creates the source.</summary>
    /// <param name="name">Name in progress, metrics and results: 1 to 64 letters, digits, '.', '-' or '_'.</param>
    /// <param name="shape">Lengths of context and target.</param>
    /// <param name="fingerprint">Text that identifies the samples. Change it when the method or its data change.</param>
    /// <param name="fill">Writes a sample. It runs on the thread that prepares batches.</param>
    /// <param name="heldOut">The samples to score; null for none.</param>
    /// <param name="weight">How often the source is sampled, relative to the weights of the other sources.</param>
    /// <exception cref="ArgumentException">The name is invalid, or the held-out samples have another shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length is below 1, or the weight is negative or not finite.</exception>
    public DelegateSource(
        string name, SampleShape shape, string fingerprint, SampleFill fill, HeldOutSamples? heldOut = null, double weight = 1)
        : base(name, shape, weight)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        ArgumentNullException.ThrowIfNull(fill);
        if (heldOut is not null && heldOut.Shape != shape)
            throw new ArgumentException($"Source '{name}': its samples are {shape}, the held-out ones {heldOut.Shape}.", nameof(heldOut));
        Fingerprint = fingerprint;
        HeldOut = heldOut;
        _fill = fill;
    }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    public override HeldOutSamples? HeldOut { get; }

    /// <inheritdoc/>
    public override void Fill(SampleDraw draw, Span<short> context, Span<short> targets) => _fill(draw, context, targets);
}

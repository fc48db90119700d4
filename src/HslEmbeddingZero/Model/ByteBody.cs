using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// A body reads the positions that a door makes, and predicts bytes. <see cref="ByteTransformer"/> is the library's body. To use your own
/// body, derive from this class: it is trained, scored and sampled in the same way.
/// </summary>
/// <remarks>
/// Derive from this class, create the layers, call <c>RegisterComponents</c> at the end of the constructor, and override
/// <see cref="forward"/>. A body that can continue from cached positions also overrides <see cref="CreateCache"/> and
/// <see cref="CachedStep"/>. Without them, a generator computes the whole stream again for every byte. The bytes are the same.
/// </remarks>
public abstract class ByteBody : nn.Module<Tensor, Tensor, Tensor>
{
    /// <summary>Loads libtorch if needed, and sets name and width.</summary>
    /// <param name="name">Name of the module.</param>
    /// <param name="dim">Width of the positions that the body reads, 1 or more. It equals the width of the door.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is below 1.</exception>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load.</exception>
    protected ByteBody(string name, int dim) : base(TorchRuntime.ReadyFor(name))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        Dim = dim;
    }

    /// <summary>Whether the body is disposed.</summary>
    internal bool IsDisposed { get; private set; }

    /// <summary>Width of the positions that the body reads.</summary>
    public int Dim { get; }

    /// <summary>Number of parameters.</summary>
    public long ParameterCount => parameters().Sum(p => p.numel());

    /// <summary>Logits of every stream position.</summary>
    /// <param name="slots">[B, S, dim] prefix slots; S may be 0. Every stream position may look at all of them.</param>
    /// <param name="stream">
    /// [B, L, dim] stream positions: the 0x00 origin, then the targets shifted by one. A position must not look at later ones.
    /// </param>
    /// <returns>[B, L, 258] logits; position j predicts target j. They belong to the dispose scope that is open around the call.</returns>
    public abstract override Tensor forward(Tensor slots, Tensor stream);

    /// <summary>
    /// Draws all weights again; <see cref="ByteLanguageModel.ResetParameters"/> calls it. This implementation draws matrices from a normal
    /// distribution with deviation 1/√(3·fan-in). Vectors whose name ends with "weight" (the scales of norms) become 1, other vectors 0.
    /// Override it if the weights of a body start with other values.
    /// </summary>
    /// <param name="random">
    /// Random generator with the seed of the body: the same seed gives the same numbers. Null means torch's global generator.
    /// </param>
    protected internal virtual void ResetParameters(Generator? random)
    {
        foreach ((string name, Tensor weight) in named_parameters())
        {
            if (weight.dim() < 2) weight.Fill(name.EndsWith("weight", StringComparison.Ordinal) ? GcSafeScalar.One : GcSafeScalar.Zero);
            else weight.Draw(values => values.normal_(0, 1 / Math.Sqrt(3.0 * weight.numel() / weight.size(0)), random));
        }
    }

    /// <summary>
    /// Seeds dropout. A trainer calls it before each micro-batch, so that a resumed run drops the same values. This implementation seeds
    /// torch's global generator, from which torch's own dropout draws. Bodies that train side by side in one process then disturb each
    /// other.
    /// </summary>
    /// <param name="seed">Seed of the micro-batch.</param>
    /// <param name="device">Device of the body.</param>
    protected internal virtual void SeedDropout(ulong seed, Device device) => manual_seed(unchecked((long)seed)).Dispose();

    /// <summary>
    /// Seeds dropout for some rows of a micro-batch, if several processes share its rows. This implementation gives each part a seed of its
    /// own, so its masks are not those of one process that computes all rows. Override it if they should be.
    /// </summary>
    /// <param name="seed">Seed of the micro-batch.</param>
    /// <param name="device">Device of the body.</param>
    /// <param name="firstRow">Place of the first row in the micro-batch.</param>
    /// <param name="allRows">Rows of the whole micro-batch.</param>
    protected internal virtual void SeedDropout(ulong seed, Device device, int firstRow, int allRows) =>
        SeedDropout(SplitMix64.Mix(seed, firstRow), device);

    /// <summary>Creates an empty cache for <see cref="CachedStep"/>. Null if the body has no cached step.</summary>
    protected internal virtual IDisposable? CreateCache() => null;

    /// <summary>Reads more positions after those in a cache, and adds them to the cache.</summary>
    /// <param name="positions">
    /// [B, L, dim]. The first call passes the slots and the beginning of the stream, each later call one stream position.
    /// </param>
    /// <param name="cache">The cache that <see cref="CreateCache"/> made.</param>
    /// <returns>[B, 258] logits of the last position, as <see cref="forward"/> gives them there.</returns>
    protected internal virtual Tensor CachedStep(Tensor positions, IDisposable cache) =>
        throw new NotSupportedException($"{GetName()} overrides CreateCache but not CachedStep.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }

    /// <summary>What must be equal for a checkpoint to fit. Here: the type, and the name and shape of every parameter.</summary>
    internal virtual object Description => new
    {
        type = GetType().FullName,
        parameters = named_parameters().ToDictionary(p => p.name, p => p.parameter.shape),
    };
}

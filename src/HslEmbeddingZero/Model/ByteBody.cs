using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// What reads the positions that a door makes and predicts bytes. <see cref="ByteTransformer"/> is one; a body of your own derives from
/// this class and is trained, scored and sampled like it.
/// </summary>
/// <remarks>
/// Derive, make the layers, call <c>RegisterComponents</c> at the end of the constructor, and override <see cref="forward"/>. A body that
/// can go on from what it has read also overrides <see cref="CreateCache"/> and <see cref="CachedStep"/>; without them a generator computes
/// the whole stream again for every byte, and gives the same bytes.
/// </remarks>
public abstract class ByteBody : nn.Module<Tensor, Tensor, Tensor>
{
    /// <summary>Keeps what every body has.</summary>
    /// <param name="name">Name of the module.</param>
    /// <param name="dim">Width of the positions that it reads, 1 or more: that of the door before it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is below 1.</exception>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load.</exception>
    protected ByteBody(string name, int dim) : base(TorchRuntime.ReadyFor(name))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        Dim = dim;
    }

    /// <summary>Width of the positions that it reads.</summary>
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
    /// Draws all weights anew, as <see cref="ByteLanguageModel.ResetParameters"/> asks for. Here: matrices normal with deviation
    /// 1/√(3·fan-in), vectors whose name ends with "weight" (the scales of norms) 1, other vectors 0. A body whose weights begin otherwise
    /// overrides it.
    /// </summary>
    /// <param name="random">The body's own random stream: the same seed, the same numbers; torch's own generator when null.</param>
    protected internal virtual void ResetParameters(Generator? random)
    {
        foreach ((string name, Tensor weight) in named_parameters())
        {
            if (weight.dim() < 2) weight.Fill(name.EndsWith("weight", StringComparison.Ordinal) ? GcSafeScalar.One : GcSafeScalar.Zero);
            else weight.Draw(values => values.normal_(0, 1 / Math.Sqrt(3.0 * weight.numel() / weight.size(0)), random));
        }
    }

    /// <summary>
    /// Seeds what drops hidden values in training. A trainer calls it before each micro-batch, so that a resumed run drops the same. Here:
    /// torch's global generator, from which torch's own dropout draws; bodies that train side by side in one process then disturb each
    /// other.
    /// </summary>
    /// <param name="seed">Seed of the micro-batch.</param>
    /// <param name="device">Where the body is.</param>
    protected internal virtual void SeedDropout(ulong seed, Device device) => manual_seed(unchecked((long)seed)).Dispose();

    /// <summary>What <see cref="CachedStep"/> keeps from position to position, empty; null where the body has no cached step.</summary>
    protected internal virtual IDisposable? CreateCache() => null;

    /// <summary>Reads more positions after those in a cache, to which they are added.</summary>
    /// <param name="positions">[B, L, dim]: at first the slots and the beginning of the stream, then one stream position at a time.</param>
    /// <param name="cache">What <see cref="CreateCache"/> made.</param>
    /// <returns>[B, 258] logits after the last position: those that <see cref="forward"/> gives there.</returns>
    protected internal virtual Tensor CachedStep(Tensor positions, IDisposable cache) =>
        throw new NotSupportedException($"{GetName()} makes a cache and has no step.");

    /// <summary>What must be equal for a checkpoint to fit: here the type, and name and shape of every parameter.</summary>
    internal virtual object Description => new
    {
        type = GetType().FullName,
        parameters = named_parameters().ToDictionary(p => p.name, p => p.parameter.shape),
    };
}

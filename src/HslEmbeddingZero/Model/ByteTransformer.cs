using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The library's decoder-only, causal body. Its positions are the prefix slots, followed by the byte stream, with one rotary position index
/// from 0. Each layer has a self-attention block and a gated fast-weight memory block. Position j of the stream predicts target byte j.
/// </summary>
/// <remarks>
/// Keys of the state dictionary are those of the original models: self_blocks.i, mem_blocks.i, norm, head. In float32 on AMD processors
/// with AVX-512 (Zen 4 and later), oneDNN computes the linear layers, because libtorch's BLAS uses half of the processor there. On other
/// CPUs that BLAS computes them. The environment variable <c>HSL_FLOAT32_PRODUCT</c> (onednn, blas or auto) overrides the choice. The
/// results of the two differ in the last digits.
/// </remarks>
public sealed class ByteTransformer : ByteBody
{
    [ComponentName(Name = "self_blocks")]
    private readonly ModuleList<SelfAttentionBlock> _selfBlocks;

    [ComponentName(Name = "mem_blocks")]
    private readonly ModuleList<MemoryBlock> _memBlocks;

    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    private readonly RotaryEmbedding _rotary;
    private readonly CausalAttention _attention;

    /// <summary>
    /// Creates a body with new weights, on the CPU in float32. They are drawn from torch's global generator, which <c>torch.manual_seed</c>
    /// seeds. <see cref="ByteLanguageModel.ResetParameters"/> draws them from a given seed.
    /// </summary>
    /// <param name="options">Size and structure.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of its range, Dim is not divisible by Heads, or HSL_FLOAT32_PRODUCT has an unknown value.
    /// </exception>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load.</exception>
    public ByteTransformer(ByteTransformerOptions options) : base(nameof(ByteTransformer), Valid(options).Dim)
    {
        Options = options;
        _rotary = new RotaryEmbedding(options.HeadDim, options.RotaryBase);
        _attention = new CausalAttention(Form);
        Dropout = new Dropout(options.Dropout, Form);
        _selfBlocks = [];
        _memBlocks = [];
        for (int i = 0; i < options.Layers; i++)
        {
            _selfBlocks.Add(new SelfAttentionBlock(options, LinearKernel, _rotary, _attention, Dropout));
            if (options.FastWeightMemory) _memBlocks.Add(new MemoryBlock(options, LinearKernel, Form));
        }

        _norm = nn.LayerNorm(options.Dim, device: CPU, dtype: ScalarType.Float32);
        _head = nn.Linear(options.Dim, options.Vocabulary, device: CPU, dtype: ScalarType.Float32);
        RegisterComponents();
        ResetParameters(null);
    }

    /// <summary>Size and structure of this body.</summary>
    public ByteTransformerOptions Options { get; }

    /// <summary>Computes the linear layers.</summary>
    internal LinearKernel LinearKernel { get; } = new();

    /// <summary>Selects the form of operations: for a CPU or for an accelerator.</summary>
    internal DeviceForm Form { get; } = new();

    /// <summary>Drops hidden values in training.</summary>
    internal Dropout Dropout { get; }

    internal override object Description => Options;

    /// <summary>
    /// Draws all weights again. Weights of linear layers are normal with deviation 1/√(3·fan-in), divided by √(2·layers) in layers that
    /// write to the residual stream. Biases and gates are 0, scales of norms are 1.
    /// </summary>
    /// <param name="random">Random generator; torch's global generator when null.</param>
    protected internal override void ResetParameters(Generator? random)
    {
        double residualDivisor = Math.Sqrt(2.0 * Options.Layers);
        foreach (SelfAttentionBlock block in _selfBlocks) block.ResetParameters(random, residualDivisor);
        foreach (MemoryBlock block in _memBlocks) block.ResetParameters(random, residualDivisor);
        _norm.Reset();
        _head.Reset(random);
    }

    /// <summary>Logits of every stream position.</summary>
    /// <param name="slots">[B, S, dim] prefix slots; S may be 0.</param>
    /// <param name="stream">[B, L, dim] stream positions: the 0x00 origin, then the targets shifted by one.</param>
    /// <returns>[B, L, vocabulary] logits; position j predicts target j.</returns>
    /// <exception cref="ArgumentException">A shape that does not fit.</exception>
    public override Tensor forward(Tensor slots, Tensor stream)
    {
        RequireShape(slots, nameof(slots));
        RequireShape(stream, nameof(stream));
        if (slots.size(0) != stream.size(0))
            throw new ArgumentException($"Slots have a batch of {slots.size(0)}, the stream has one of {stream.size(0)}.", nameof(stream));
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Layers(slots.size(1) == 0 ? stream : cat([slots, stream], 1), null);
        Tensor scored = x.narrow(1, slots.size(1), stream.size(1));
        return LinearKernel.Apply(_head, _norm.forward(scored)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected internal override IDisposable? CreateCache() =>
        new Cache([.. Enumerable.Range(0, Options.Layers).Select(_ => new LayerCache())]);

    /// <inheritdoc/>
    protected internal override Tensor CachedStep(Tensor positions, IDisposable cache)
    {
        RequireShape(positions, nameof(positions));
        using DisposeScope scope = NewDisposeScope();
        Tensor last = Layers(positions, ((Cache)cache).Layers).select(1, positions.size(1) - 1);
        return LinearKernel.Apply(_head, _norm.forward(last)).MoveToOuterDisposeScope();
    }

    private Tensor Layers(Tensor x, IReadOnlyList<LayerCache>? states)
    {
        for (int i = 0; i < _selfBlocks.Count; i++)
        {
            x = _selfBlocks[i].Forward(x, states?[i]);
            if (_memBlocks.Count > 0) x = _memBlocks[i].Forward(x, states?[i]);
        }

        return x;
    }

    /// <inheritdoc/>
    protected internal override void SeedDropout(ulong seed, Device device) => Dropout.Seed(seed, device);

    /// <inheritdoc/>
    protected internal override void SeedDropout(ulong seed, Device device, int firstRow, int allRows) =>
        Dropout.Seed(seed, device, firstRow, allRows);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _rotary.Dispose();
            _attention.Dispose();
            Dropout.Dispose();
        }

        base.Dispose(disposing);
    }

    private static ByteTransformerOptions Valid(ByteTransformerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return options;
    }

    private void RequireShape(Tensor positions, string name)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(positions, name);
        if (positions.dim() != 3 || positions.size(2) != Options.Dim)
            throw new ArgumentException($"Expected [B, positions, {Options.Dim}]; got [{string.Join(", ", positions.shape)}].", name);
    }

    /// <summary>One cache per layer.</summary>
    private sealed record Cache(IReadOnlyList<LayerCache> Layers) : IDisposable
    {
        public void Dispose()
        {
            foreach (LayerCache layer in Layers) layer.Dispose();
        }
    }
}

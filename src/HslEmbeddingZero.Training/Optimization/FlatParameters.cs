using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// All trainable parameters of a module in one buffer, matrices first and vectors behind, with their gradients in another. The module's own
/// Parameter objects stay; they and their gradients become views. An update, a norm or a reset is then one operation over one buffer.
/// </summary>
/// <remarks>
/// Where the module computes in bfloat16, float32 master weights stand behind it and gradients are summed in float32. A module that is
/// moved to another device or dtype gets new parameters; <see cref="Follow"/> gathers those, and keeps the master weights' every digit.
/// </remarks>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>
    /// Every parameter begins at a multiple of so many numbers: 128 bytes of bfloat16. CUDA's matrix products take slower kernels for
    /// operands that are not aligned to 16 bytes, or refuse them. What lies between is zero, stays zero, and adds nothing to a norm.
    /// </summary>
    internal const long Alignment = 64;

    private const long Piece = 1 << 20; // float32 numbers that stay in a core's caches

    private readonly nn.Module _module;
    private readonly List<Parameter> _parameters = [];
    private readonly List<string> _names = [];
    private readonly List<long[]> _shapes = [];
    private readonly List<long> _offsets = [];
    private Tensor _compute = null!;
    private Tensor _computeGradient = null!;
    private bool _holdsGradient;

    public FlatParameters(nn.Module module)
    {
        _module = module;
        Flatten();
    }

    /// <summary>float32 weights [total]; the module's own where it computes in float32.</summary>
    public Tensor Weights { get; private set; } = null!;

    /// <summary>float32 gradients [total]; the module's own where it computes in float32.</summary>
    public Tensor Gradient { get; private set; } = null!;

    /// <summary>How much of a buffer, from its start, belongs to matrices, which are decayed.</summary>
    public long DecayedCount { get; private set; }

    /// <summary>Length of a buffer, with what lies between the parameters.</summary>
    public long Count => Weights.numel();

    /// <summary>Names, in the order of the buffer.</summary>
    public IReadOnlyList<string> Names => _names;

    private bool HasMaster => !ReferenceEquals(Weights, _compute);

    /// <summary>The part of a buffer like <see cref="Weights"/> that belongs to parameter <paramref name="index"/>, in its shape.</summary>
    public Tensor Slice(Tensor buffer, int index) =>
        buffer.narrow(0, _offsets[index], _shapes[index].Aggregate(1L, (a, b) => a * b)).view(_shapes[index]);

    /// <summary>Adds what the last backward pass left to <see cref="Gradient"/>; nothing to do where they are the same buffer.</summary>
    public void CollectGradient()
    {
        if (!HasMaster) return;
        if (_holdsGradient) AddComputeGradient();
        else Gradient.copy_(_computeGradient);
        _holdsGradient = true;
        ZeroComputeGradient();
    }

    /// <summary>
    /// Sets the module's gradients to zero; where master weights stand behind them, the next pass overwrites <see cref="Gradient"/>.
    /// </summary>
    public void ZeroGradient()
    {
        _holdsGradient = false;
        ZeroComputeGradient();
    }

    /// <summary>Rounds the master weights into the module's; nothing to do where they are the same buffer.</summary>
    public void PublishWeights()
    {
        if (HasMaster) _compute.copy_(Weights);
    }

    /// <summary>
    /// Looks whether the module was moved to another device or dtype since; if so, gathers it anew, with the same float32 weights and no
    /// gradient, and returns true. What was taken from the buffers before is then void.
    /// </summary>
    public bool Follow()
    {
        if (!_parameters.Exists(parameter => parameter.IsInvalid)) return false; // A move replaces the parameter objects.
        using Tensor weights = Weights.clone();
        Dispose();
        _parameters.Clear();
        _names.Clear();
        _shapes.Clear();
        _offsets.Clear();
        Flatten();
        using var quiet = no_grad();
        Weights.copy_(weights);
        PublishWeights();
        return true;
    }

    /// <summary>Gathers the module's parameters into fresh buffers on their device.</summary>
    private void Flatten()
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var parameters = _module.named_parameters().Where(p => p.parameter.requires_grad).OrderBy(p => p.parameter.dim() < 2).ToList();
        if (parameters.Count == 0) throw new ArgumentException("The module has no trainable parameter.");
        Parameter first = parameters[0].parameter;
        long total = parameters.Sum(p => Aligned(p.parameter.numel()));
        _compute = zeros(total, first.dtype, first.device).DetachFromDisposeScope();
        _computeGradient = zeros(total, first.dtype, first.device).DetachFromDisposeScope();
        long offset = 0;
        foreach ((string name, Parameter parameter) in parameters)
        {
            long[] shape = parameter.shape;
            long count = parameter.numel();
            Tensor slot = _compute.narrow(0, offset, count).view(shape);
            slot.copy_(parameter);
            parameter.set_(slot);
            parameter.grad = _computeGradient.narrow(0, offset, count).view(shape);
            _parameters.Add(parameter);
            _names.Add(name);
            _shapes.Add(shape);
            _offsets.Add(offset);
            offset += Aligned(count);
            if (shape.Length >= 2) DecayedCount = offset;
        }

        _holdsGradient = false;
        bool isFloat32 = first.dtype == ScalarType.Float32;
        Weights = isFloat32 ? _compute : _compute.to(ScalarType.Float32).DetachFromDisposeScope();
        Gradient = isFloat32 ? _computeGradient : zeros(total, ScalarType.Float32, first.device).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        if (HasMaster)
        {
            Weights.Dispose();
            Gradient.Dispose();
        }

        _compute.Dispose();
        _computeGradient.Dispose();
    }

    /// <summary>On a CPU a sum of two types is a slow loop, eight times slower than widening a piece and adding that.</summary>
    private void AddComputeGradient()
    {
        if (Gradient.device_type != TorchSharp.DeviceType.CPU)
        {
            Gradient.PlusInPlace(_computeGradient);
            return;
        }

        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        Tensor wide = empty(Math.Min(Piece, Count), ScalarType.Float32);
        for (long start = 0; start < Count; start += Piece)
        {
            long count = Math.Min(Piece, Count - start);
            Tensor part = wide.narrow(0, 0, count);
            part.copy_(_computeGradient.narrow(0, start, count));
            Gradient.narrow(0, start, count).PlusInPlace(part);
        }
    }

    private static long Aligned(long count) => (count + Alignment - 1) / Alignment * Alignment;

    private void ZeroComputeGradient() => _computeGradient.zero_().Dispose();
}

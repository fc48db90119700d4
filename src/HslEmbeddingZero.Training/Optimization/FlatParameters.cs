using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// All trainable parameters of a module in one buffer, matrices first and vectors behind, with their gradients in another. The module's own
/// Parameter objects stay; they and their gradients become views. An update, a norm or a reset is then one operation over one buffer.
/// </summary>
/// <remarks>
/// Where the module computes in bfloat16, float32 master weights stand behind it and gradients are summed in float32. A module that is
/// moved to another device or dtype gets new parameters; <see cref="Rebind"/> gathers those, and keeps the master weights' every digit.
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
    /// <exception cref="InvalidOperationException">The module's gradients were replaced.</exception>
    public void AccumulateGradient()
    {
        RequireOwnGradient();
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
    public void CopyMasterToModel()
    {
        if (HasMaster) _compute.copy_(Weights); // returns itself
    }

    /// <summary>
    /// Takes up what was done to the module since. A module that was moved to another device or dtype is gathered anew, without a gradient;
    /// what was taken from the buffers before is then void. Master weights stay to the digit where the module's are what they were rounded
    /// to, and take the module's value where something else was written there, by a load for example.
    /// </summary>
    /// <returns>Whether the module was moved.</returns>
    /// <exception cref="InvalidOperationException">A parameter was frozen or freed since.</exception>
    public bool Rebind()
    {
        RequireSameTrainable();
        bool moved = _parameters.Exists(parameter => parameter.IsInvalid); // A move replaces the parameter objects.
        if (!moved && !HasMaster) return false;
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        ScalarType before = _compute.dtype;
        Tensor master = moved ? Weights.clone() : Weights;
        if (moved)
        {
            Dispose();
            _parameters.Clear();
            _names.Clear();
            _shapes.Clear();
            _offsets.Clear();
            Flatten();
        }

        master = master.to(_compute.device);
        Tensor written = master.to(before).to(_compute.dtype).ne(_compute);
        Weights.copy_(where(written, _compute.to(ScalarType.Float32), master));
        CopyMasterToModel();
        return moved;
    }

    /// <summary>
    /// Throws where gradients are not views of the buffer any more: what a backward pass leaves would be lost. The last parameter tells it
    /// by its place; one of a tensor's own begins at 0.
    /// </summary>
    /// <exception cref="InvalidOperationException">The module's gradients were replaced.</exception>
    private void RequireOwnGradient()
    {
        using Tensor? gradient = _parameters[^1].grad;
        if (gradient is not null && gradient.storage_offset() == _offsets[^1]) return;
        throw new InvalidOperationException(
            "The module's gradients were replaced, by zero_grad for example. A step leaves them zero by itself: remove that call.");
    }

    /// <summary>A module's parameters that are trained, each once, matrices first.</summary>
    /// <exception cref="ArgumentException">There is none, or two differ in dtype or device.</exception>
    public static IReadOnlyList<(string Name, Parameter Parameter)> TrainableOf(nn.Module module)
    {
        List<(string Name, Parameter Parameter)> trainable =
        [
            .. module.named_parameters().Where(p => p.parameter.requires_grad).DistinctBy(p => p.parameter)
                .OrderBy(p => p.parameter.dim() < 2),
        ];
        if (trainable.Count == 0) throw new ArgumentException("The module has no trainable parameter.", nameof(module));
        (string firstName, Parameter first) = trainable[0];
        foreach ((string name, Parameter parameter) in trainable)
        {
            bool isSameDevice = parameter.device_type == first.device_type && parameter.device_index == first.device_index;
            if (parameter.dtype == first.dtype && isSameDevice) continue;
            throw new ArgumentException(
                $"Parameters must have one dtype and device: {firstName} is {first.dtype} on {first.device}, {name} is {parameter.dtype} "
                + $"on {parameter.device}.", nameof(module));
        }

        return trainable;
    }

    private void RequireSameTrainable()
    {
        HashSet<string> before = [.. _names];
        before.SymmetricExceptWith(TrainableOf(_module).Select(p => p.Name));
        if (before.Count == 0) return;
        throw new InvalidOperationException(
            $"{string.Join(", ", before.Order(StringComparer.Ordinal))}: frozen or freed since the optimizer was made. Make a new one.");
    }

    /// <summary>Gathers the module's parameters into fresh buffers on their device.</summary>
    private void Flatten()
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<(string Name, Parameter Parameter)> parameters = TrainableOf(_module);
        Parameter first = parameters[0].Parameter;
        long total = parameters.Sum(p => Aligned(p.Parameter.numel()));
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
            Gradient.AddSafeInPlace(_computeGradient);
            return;
        }

        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = empty(Math.Min(Piece, Count), ScalarType.Float32);
        for (long start = 0; start < Count; start += Piece)
        {
            long count = Math.Min(Piece, Count - start);
            Tensor part = wide.narrow(0, 0, count);
            part.copy_(_computeGradient.narrow(0, start, count));
            Gradient.narrow(0, start, count).AddSafeInPlace(part);
        }
    }

    private static long Aligned(long count) => (count + Alignment - 1) / Alignment * Alignment;

    private void ZeroComputeGradient() => _computeGradient.zero_().Dispose();
}

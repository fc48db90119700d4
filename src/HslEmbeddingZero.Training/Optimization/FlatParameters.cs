using System.IO.Hashing;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Holds all trainable parameters of a module in one buffer, first matrices, then vectors, and their gradients in a second buffer. The
/// module keeps its Parameter objects; they and their gradients become views. An update, a norm or a reset is then one operation over one
/// buffer.
/// </summary>
/// <remarks>
/// If the module computes in bfloat16, there are also float32 master weights, and gradients are summed in float32. A module that is moved
/// to another device or dtype gets new parameters. <see cref="Rebind"/> gathers them and keeps the master weights exactly.
/// </remarks>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>
    /// Every parameter begins at a multiple of this many numbers: 128 bytes of bfloat16. CUDA's matrix products use slower kernels for
    /// operands that are not aligned to 16 bytes, or refuse them. The padding between parameters is zero, stays zero, and adds nothing to a
    /// norm.
    /// </summary>
    internal const long Alignment = 64;

    private const long Piece = 1 << 20; // so many float32 numbers stay in a core's caches

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

    /// <summary>float32 weights [total]. If the module computes in float32, this is the module's own buffer.</summary>
    public Tensor Weights { get; private set; } = null!;

    /// <summary>float32 gradients [total]. If the module computes in float32, this is the module's own buffer.</summary>
    public Tensor Gradient { get; private set; } = null!;

    /// <summary>Length of the first part of a buffer: the matrices, which are decayed.</summary>
    public long DecayedCount { get; private set; }

    /// <summary>Length of a buffer, including the padding between parameters.</summary>
    public long Count => Weights.numel();

    /// <summary>Parameter names, in the order of the buffer.</summary>
    public IReadOnlyList<string> Names => _names;

    private bool HasMaster => !ReferenceEquals(Weights, _compute);

    /// <summary>
    /// The part of a buffer that belongs to parameter <paramref name="index"/>, in the parameter's shape. The buffer has the layout of
    /// <see cref="Weights"/>.
    /// </summary>
    public Tensor Slice(Tensor buffer, int index) =>
        buffer.narrow(0, _offsets[index], _shapes[index].Aggregate(1L, (a, b) => a * b)).view(_shapes[index]);

    /// <summary>
    /// Adds the gradient of the last backward pass to <see cref="Gradient"/>. There is nothing to add if both are the same buffer.
    /// </summary>
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
    /// Sets the module's gradients to zero. If there are master weights, the next pass overwrites <see cref="Gradient"/>.
    /// </summary>
    public void ZeroGradient()
    {
        _holdsGradient = false;
        ZeroComputeGradient();
    }

    /// <summary>Rounds the master weights into the module's weights. Does nothing if they are the same buffer.</summary>
    public void CopyMasterToModel()
    {
        if (HasMaster) _compute.copy_(Weights); // copy_ returns the same object
    }

    /// <summary>
    /// Sets the padding of a buffer to zero. An update by NaN reaches the padding too, and a load writes only the parameters.
    /// </summary>
    public void ZeroPadding(Tensor buffer)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long end = 0;
        foreach ((long offset, long[] shape) in _offsets.Zip(_shapes).Append((Count, [])))
        {
            if (offset > end) buffer.narrow(0, end, offset - end).zero_();
            end = offset + shape.Aggregate(1L, (a, b) => a * b);
        }
    }

    /// <summary>Hash of the float32 weights. Equal weights, down to the last bit, have the same one. Waits for the device.</summary>
    public byte[] Digest()
    {
        XxHash128 hash = new();
        for (long start = 0; start < Count; start += Piece)
        {
            using Tensor part = Weights.narrow(0, start, Math.Min(Piece, Count - start));
            using Tensor host = part.cpu();
            hash.Append(host.bytes);
        }

        return hash.GetCurrentHash();
    }

    /// <summary>
    /// Applies changes that were made to the module since the last call. If the module was moved to another device or dtype, its parameters
    /// are gathered into new buffers, without a gradient; earlier views of the buffers are then invalid. A master weight stays exact if the
    /// module still holds its rounded value. If something else was written to the module, by a load for example, the master weight takes
    /// that value.
    /// </summary>
    /// <returns>Whether the module was moved.</returns>
    /// <exception cref="InvalidOperationException">A parameter was frozen or unfrozen since the last call.</exception>
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
    /// Throws if gradients are no longer views of the buffer, because the result of a backward pass would then be lost. It checks the
    /// storage offset of the last parameter's gradient: in a separate tensor the offset is 0.
    /// </summary>
    /// <exception cref="InvalidOperationException">The module's gradients were replaced.</exception>
    private void RequireOwnGradient()
    {
        using Tensor? gradient = _parameters[^1].grad;
        if (gradient is not null && gradient.storage_offset() == _offsets[^1]) return;
        throw new InvalidOperationException(
            "The module's gradients were replaced, by zero_grad for example. A step sets them to zero by itself: remove that call.");
    }

    /// <summary>The trainable parameters of a module, each once, matrices first.</summary>
    /// <exception cref="ArgumentException">There is no trainable parameter, or two differ in dtype or device.</exception>
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
            $"{string.Join(", ", before.Order(StringComparer.Ordinal))}: frozen or unfrozen since the optimizer was made. Make a new one.");
    }

    /// <summary>Gathers the module's parameters into new buffers on their device.</summary>
    private void Flatten()
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<(string Name, Parameter Parameter)> parameters = TrainableOf(_module);
        Parameter first = parameters[0].Parameter;
        // The last parameter never begins at 0, so that its own gradient is told from another tensor's, see RequireOwnGradient.
        long offset = parameters.Count == 1 ? Alignment : 0;
        long total = offset + parameters.Sum(p => Aligned(p.Parameter.numel()));
        _compute = zeros(total, first.dtype, first.device).DetachFromDisposeScope();
        _computeGradient = zeros(total, first.dtype, first.device).DetachFromDisposeScope();
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

    /// <summary>
    /// On a CPU, a sum of two dtypes is a slow loop. Converting a piece to float32 and adding that is eight times as fast.
    /// </summary>
    private void AddComputeGradient()
    {
        if (Gradient.device_type != TorchSharp.DeviceType.CPU)
        {
            Gradient.AddSafeInPlace(_computeGradient);
            return;
        }

        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = empty(Math.Min(Piece, Count), ScalarType.Float32, CPU);
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

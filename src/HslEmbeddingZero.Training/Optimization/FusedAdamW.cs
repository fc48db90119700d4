using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) for any module, as one fused update. All parameters are in one buffer, and so are their gradients and
/// moments. The update also clips the gradient's norm. A module that computes in bfloat16 gets float32 master weights.
/// </summary>
/// <remarks>
/// <para>
/// A step is <c>loss.backward()</c>, then <see cref="Step"/>. <see cref="Step"/> clips the gradient, updates the weights, rounds them into
/// the module and sets the gradients to zero, so do not call <c>zero_grad</c>. Parameters with <c>requires_grad = false</c> are not
/// changed.
/// </para>
/// <para>
/// For bfloat16, create the optimizer while the module is in float32, then call <c>module.to(ScalarType.BFloat16)</c> and
/// <see cref="Rebind"/>. The float32 weights then become the master weights exactly. Use the optimizer from one thread at a time.
/// </para>
/// </remarks>
public sealed class FusedAdamW : IDisposable
{
    // TorchSharp has no binding for the fused operation, so a fixed TorchScript function calls it. The lists must be arguments: lists
    // built inside the script are optimised away, together with the update. The numbers are written into the script's text, because as
    // arguments they would be Scalars, see GcSafeScalar.
    private const string Script = """
        def NAME(weights: List[Tensor], gradients: List[Tensor], first: List[Tensor], second: List[Tensor], steps: List[Tensor], lr: Tensor, divisor: Tensor):
          none: List[Tensor] = []
          torch._fused_adamw_(weights, gradients, first, second, none, steps, lr=lr, beta1=BETA1, beta2=BETA2, weight_decay=DECAY, eps=EPSILON, amsgrad=False, maximize=False, grad_scale=divisor)
          return weights[0]

        """;

    private const string Decayed = "update_decayed";
    private const string Plain = "update_plain";
    private const string WeightPrefix = "model.";
    private const string FirstMomentPrefix = "first_moment.";
    private const string SecondMomentPrefix = "second_moment.";

    private readonly jit.CompilationUnit _script;
    private readonly List<Segment> _segments = [];
    private Tensor _steps;
    private Tensor _one;
    private Tensor _clip;
    private Tensor? _norm;
    private bool _isDisposed;

    /// <summary>
    /// Gathers the module's parameters in one buffer. Their values do not change. The Parameter objects stay and become views of the
    /// buffer.
    /// </summary>
    /// <param name="module">The module to train. The caller keeps ownership.</param>
    /// <param name="options">AdamW's hyperparameters; the defaults when null.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of its range; the module has no trainable parameter, or parameters of different dtypes or devices.
    /// </exception>
    public FusedAdamW(nn.Module module, AdamWOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        Options = options ?? new AdamWOptions();
        Options.Validate();
        using IDisposable ordinary = inference_mode(false);
        Parameters = new FlatParameters(module);
        Device device = Parameters.Weights.device;
        FirstMoment = zeros(Parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        SecondMoment = zeros(Parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        _steps = zeros([], ScalarType.Float32, device).DetachFromDisposeScope();
        _one = ones([], ScalarType.Float32, device).DetachFromDisposeScope();
        using Tensor clip = tensor(Options.MaxGradientNorm, ScalarType.Float64, CPU);
        _clip = clip.to(ScalarType.Float32, device, copy: true).DetachFromDisposeScope();
        _script = jit.compile(Function(Decayed, Options.WeightDecay) + Function(Plain, 0));
        Divide();
    }

    /// <summary>AdamW's hyperparameters.</summary>
    public AdamWOptions Options { get; }

    /// <summary>Number of updates so far. The bias correction uses it.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// Norm of the whole gradient at the last step, before clipping. NaN before the first step and after a load. Reading it waits for the
    /// device. If it is not finite, the weights are no longer finite either.
    /// </summary>
    public double GradientNorm
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_norm is null) return double.NaN;
            using Tensor host = _norm.cpu();
            return host.item<float>();
        }
    }

    /// <summary>Whether the last step's gradient was not finite. Waits for the device.</summary>
    internal bool HasDiverged => _norm is not null && !double.IsFinite(GradientNorm);

    /// <summary>Whether all weights and moments are finite. Waits for the device.</summary>
    internal bool IsFinite
    {
        get
        {
            using DisposeScope scope = NewDisposeScope();
            // The sum of a finite buffer could overflow. Zero times a number is 0 or NaN.
            return Buffers.All(buffer => buffer.mul(GcSafeScalar.Zero).sum().cpu().item<float>() == 0);
        }
    }

    internal FlatParameters Parameters { get; }

    /// <summary>All buffers that a step changes: weights and moments, in float32.</summary>
    internal IReadOnlyList<Tensor> Buffers => [Parameters.Weights, FirstMoment, SecondMoment];

    internal Tensor FirstMoment { get; private set; }

    internal Tensor SecondMoment { get; private set; }

    /// <summary>
    /// Adds the gradient of a backward pass to the gradient of the next step, in float32. For gradient accumulation, call it after each
    /// pass except the last. <see cref="Step"/> adds the gradient of the last pass itself.
    /// </summary>
    /// <exception cref="InvalidOperationException">The module's gradients were replaced, by zero_grad for example.</exception>
    public void AccumulateGradient()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Parameters.AccumulateGradient();
    }

    /// <summary>
    /// Makes one update: clips the gradient, updates the weights, rounds them into the module and sets the gradients to zero.
    /// </summary>
    /// <param name="learningRate">Learning rate of this step, finite and 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The learning rate is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The module's gradients were replaced, by zero_grad for example.</exception>
    public void Step(double learningRate)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        OptionRange.Require(
            learningRate >= 0 && double.IsFinite(learningRate), nameof(learningRate), learningRate, "0 or more, and finite");
        Parameters.AccumulateGradient();
        Update(learningRate);
    }

    /// <summary>
    /// The update of <see cref="Step"/>, from the gradient in <see cref="FlatParameters.Gradient"/>, which already holds the last pass.
    /// </summary>
    internal void Update(double learningRate)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _norm?.Dispose();
        _norm = Parameters.Gradient.norm().DetachFromDisposeScope();
        // The fused update divides the gradient by this, so that clipping needs no extra pass over the gradient.
        Tensor divisor = Options.MaxGradientNorm > 0 ? (_norm.AddSafe(1e-6) / _clip).clamp_min_(GcSafeScalar.One) : _one;
        _steps.AddSafeInPlace(_one);
        Steps++;
        using Tensor rate = tensor(learningRate, ScalarType.Float64, CPU); // on the host, where the update reads it
        foreach (Segment part in _segments)
        {
            _ = _script.invoke(part.Update, part.Weights, part.Gradient, part.First, part.Second, part.Steps, rate, divisor);
        }

        Parameters.CopyMasterToModel();
        Parameters.ZeroGradient();
    }

    /// <summary>
    /// Applies changes that were made to the module. Call it after moving the module to another device or dtype, and after writing weights
    /// to a module in bfloat16. Moments and step count stay. A master weight stays exact if the module still holds its rounded value. A
    /// move loses the gradient.
    /// </summary>
    /// <exception cref="InvalidOperationException">A parameter was frozen or unfrozen since; create a new optimizer.</exception>
    public void Rebind()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!Parameters.Rebind()) return;
        Device device = Parameters.Weights.device;
        FirstMoment = Moved(FirstMoment, device);
        SecondMoment = Moved(SecondMoment, device);
        _steps = Moved(_steps, device);
        _one = Moved(_one, device);
        _clip = Moved(_clip, device);
        if (_norm is not null) _norm = Moved(_norm, device);
        Divide();
    }

    /// <summary>
    /// All tensors that a step changes, in float32, for saving and loading: weights as "model.NAME", moments as "first_moment.NAME" and
    /// "second_moment.NAME". The tensors are views. They belong to the open dispose scope and are invalid after <see cref="Rebind"/>.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> State()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        for (int i = 0; i < Parameters.Names.Count; i++)
        {
            tensors[WeightPrefix + Parameters.Names[i]] = Parameters.Slice(Parameters.Weights, i);
            tensors[FirstMomentPrefix + Parameters.Names[i]] = Parameters.Slice(FirstMoment, i);
            tensors[SecondMomentPrefix + Parameters.Names[i]] = Parameters.Slice(SecondMoment, i);
        }

        return tensors;
    }

    /// <summary>Loads a saved state. Nothing changes unless every key and shape fits.</summary>
    /// <param name="state">Tensors by the names of <see cref="State"/>. The caller keeps ownership.</param>
    /// <param name="steps">Number of updates before the state was saved, 0 or more.</param>
    /// <param name="source">Name for error messages, such as the name of a file.</param>
    /// <exception cref="SafetensorsException">A key is missing or extra, or a shape is wrong.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state, long steps, string source)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        using DisposeScope scope = NewDisposeScope();
        Safetensors.LoadInto(State(), state, source, nameof(FusedAdamW));
        EndLoad(steps);
    }

    /// <summary>
    /// Call it after the views of <see cref="State"/> were written: it sets the step count and updates the module's weights.
    /// </summary>
    internal void EndLoad(long steps)
    {
        using Scalar kept = (float)steps;
        _steps.Fill(kept);
        Steps = steps;
        _norm?.Dispose();
        _norm = null;
        foreach (Tensor buffer in Buffers) Parameters.ZeroPadding(buffer);
        Parameters.CopyMasterToModel();
        Parameters.ZeroGradient();
    }

    /// <summary>Frees the buffers. The module keeps its weights.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (Segment part in _segments) part.Dispose();
        _segments.Clear();
        FirstMoment.Dispose();
        SecondMoment.Dispose();
        _steps.Dispose();
        _one.Dispose();
        _clip.Dispose();
        _norm?.Dispose();
        _script.Dispose();
        Parameters.Dispose();
    }

    private string Function(string name, double decay) => Script
        .Replace("NAME", name, StringComparison.Ordinal)
        .Replace("BETA1", Number(Options.Beta1), StringComparison.Ordinal)
        .Replace("BETA2", Number(Options.Beta2), StringComparison.Ordinal)
        .Replace("DECAY", Number(decay), StringComparison.Ordinal)
        .Replace("EPSILON", Number(Options.Epsilon), StringComparison.Ordinal);

    /// <summary>Text that the script reads as exactly this double. The exponent keeps the script from reading it as an integer.</summary>
    private static string Number(double value) => value.ToString("E16", CultureInfo.InvariantCulture);

    /// <summary>Makes views of the decayed part of all buffers and of the rest.</summary>
    private void Divide()
    {
        foreach (Segment part in _segments) part.Dispose();
        _segments.Clear();
        long decayed = Parameters.DecayedCount, all = Parameters.Count;
        if (decayed > 0) _segments.Add(Part(Decayed, 0, decayed));
        if (decayed < all) _segments.Add(Part(Plain, decayed, all - decayed));
    }

    private static Tensor Moved(Tensor tensor, Device device)
    {
        Tensor moved = tensor.to(device).DetachFromDisposeScope();
        if (!ReferenceEquals(moved, tensor)) tensor.Dispose();
        return moved;
    }

    private Segment Part(string update, long start, long count)
    {
        return new(update, [View(Parameters.Weights)], [View(Parameters.Gradient)], [View(FirstMoment)], [View(SecondMoment)], [_steps]);

        Tensor View(Tensor buffer) => buffer.narrow(0, start, count).DetachFromDisposeScope();
    }

    private sealed record Segment(string Update, Tensor[] Weights, Tensor[] Gradient, Tensor[] First, Tensor[] Second, Tensor[] Steps)
        : IDisposable
    {
        public void Dispose()
        {
            Weights[0].Dispose();
            Gradient[0].Dispose();
            First[0].Dispose();
            Second[0].Dispose();
        }
    }
}

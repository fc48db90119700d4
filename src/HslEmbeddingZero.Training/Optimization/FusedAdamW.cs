using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) for any module, in one fused update: all parameters lie in one buffer, and so do their gradients and
/// moments. The gradient's norm is clipped on the way. Behind a module that computes in bfloat16 stand float32 master weights.
/// </summary>
/// <remarks>
/// <para>
/// A step is <c>loss.backward()</c>, then <see cref="Step"/>. It takes up the gradient, clips it, updates the weights, rounds them into the
/// module and leaves zero gradients, so <c>zero_grad</c> is not called. Parameters with <c>requires_grad = false</c> are left alone.
/// </para>
/// <para>
/// For bfloat16, make the optimizer while the module is in float32, then call <c>module.to(ScalarType.BFloat16)</c> and
/// <see cref="Rebind"/>: the float32 weights become the master weights to the digit. One thread at a time.
/// </para>
/// </remarks>
public sealed class FusedAdamW : IDisposable
{
    // TorchSharp has no binding for the fused operation; a fixed script reaches it. The lists must be arguments: lists built inside the
    // script are optimised away, and the update with them. Numbers stand in the script: as arguments they would be Scalars, see
    // GcSafeScalar.
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

    /// <summary>
    /// Gathers the module's parameters in one buffer. Their values stay, and so do the Parameter objects; they become views of the buffer.
    /// </summary>
    /// <param name="module">The module to train; it stays the caller's.</param>
    /// <param name="options">AdamW's numbers; the defaults when null.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of its range; the module has no trainable parameter, or parameters of different dtypes or devices.
    /// </exception>
    public FusedAdamW(nn.Module module, AdamWOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        Options = options ?? new AdamWOptions();
        Options.Validate();
        Parameters = new FlatParameters(module);
        Device device = Parameters.Weights.device;
        FirstMoment = zeros(Parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        SecondMoment = zeros(Parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        _steps = zeros([], ScalarType.Float32, device).DetachFromDisposeScope();
        _one = ones([], ScalarType.Float32, device).DetachFromDisposeScope();
        using Tensor clip = tensor(Options.MaxGradientNorm);
        _clip = clip.to(ScalarType.Float32, device, copy: true).DetachFromDisposeScope();
        _script = jit.compile(Function(Decayed, Options.WeightDecay) + Function(Plain, 0));
        Divide();
    }

    /// <summary>AdamW's numbers.</summary>
    public AdamWOptions Options { get; }

    /// <summary>Updates made so far; the bias correction goes by them.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// Norm of the whole gradient at the last step, before clipping; NaN before the first and after a load. Reading it waits for the
    /// device. Where it is not finite, so are the weights now.
    /// </summary>
    public double GradientNorm
    {
        get
        {
            if (_norm is null) return double.NaN;
            using Tensor host = _norm.cpu();
            return host.item<float>();
        }
    }

    /// <summary>Whether the last step's gradient was not finite. Waits for the device.</summary>
    internal bool HasDiverged => _norm is not null && !double.IsFinite(GradientNorm);

    internal FlatParameters Parameters { get; }

    internal Tensor FirstMoment { get; private set; }

    internal Tensor SecondMoment { get; private set; }

    /// <summary>
    /// Adds what a backward pass left to the gradient of the next step, in float32. For gradient accumulation: call it after each pass but
    /// the last, whose gradient <see cref="Step"/> takes up itself.
    /// </summary>
    /// <exception cref="InvalidOperationException">The module's gradients were replaced, by zero_grad for example.</exception>
    public void AccumulateGradient() => Parameters.AccumulateGradient();

    /// <summary>
    /// One update: takes up the gradient, clips it, updates the weights, rounds them into the module, leaves zero gradients.
    /// </summary>
    /// <param name="learningRate">Learning rate of this step, finite and 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The learning rate is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The module's gradients were replaced, by zero_grad for example.</exception>
    public void Step(double learningRate)
    {
        OptionRange.Require(
            learningRate >= 0 && double.IsFinite(learningRate), nameof(learningRate), learningRate, "0 or more, and finite");
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Parameters.AccumulateGradient();
        _norm?.Dispose();
        _norm = Parameters.Gradient.norm().DetachFromDisposeScope();
        // The update divides by this on its way, so that clipping costs no pass of its own over the gradient.
        Tensor divisor = Options.MaxGradientNorm > 0 ? (_norm.AddSafe(1e-6) / _clip).clamp_min_(GcSafeScalar.One) : _one;
        _steps.AddSafeInPlace(_one);
        Steps++;
        using Tensor rate = tensor(learningRate, ScalarType.Float64); // on the host, where the update reads it
        foreach (Segment part in _segments)
        {
            _ = _script.invoke(part.Update, part.Weights, part.Gradient, part.First, part.Second, part.Steps, rate, divisor);
        }

        Parameters.CopyMasterToModel();
        Parameters.ZeroGradient();
    }

    /// <summary>
    /// Takes up what was done to the module since: call it after a move to another device or dtype, and after weights were written to a
    /// module in bfloat16. Moments and step count stay, and so does every digit of master weights whose rounded values are still in the
    /// module. A gradient is lost.
    /// </summary>
    /// <exception cref="InvalidOperationException">A parameter was frozen or freed since; that needs a new optimizer.</exception>
    public void Rebind()
    {
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
    /// All that a step changes, in float32, to be saved and loaded: weights as "model.NAME", moments as "first_moment.NAME" and
    /// "second_moment.NAME". The tensors are views; they belong to the dispose scope that is open, and are void after <see cref="Rebind"/>.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> State()
    {
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        for (int i = 0; i < Parameters.Names.Count; i++)
        {
            tensors[WeightPrefix + Parameters.Names[i]] = Parameters.Slice(Parameters.Weights, i);
            tensors[FirstMomentPrefix + Parameters.Names[i]] = Parameters.Slice(FirstMoment, i);
            tensors[SecondMomentPrefix + Parameters.Names[i]] = Parameters.Slice(SecondMoment, i);
        }

        return tensors;
    }

    /// <summary>Goes on from a state that was saved. Nothing changes unless every key and shape fits.</summary>
    /// <param name="state">Tensors by the names of <see cref="State"/>; they stay the caller's.</param>
    /// <param name="steps">Updates made until then, 0 or more.</param>
    /// <param name="source">Name used in errors, a file's for example.</param>
    /// <exception cref="SafetensorsException">A missing or extra key; a wrong shape.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state, long steps, string source)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        using DisposeScope scope = NewDisposeScope();
        Safetensors.LoadInto(State(), state, source, nameof(FusedAdamW));
        EndLoad(steps);
    }

    /// <summary>After the views of <see cref="State"/> were written: the module follows.</summary>
    internal void EndLoad(long steps)
    {
        using Scalar kept = (float)steps;
        _steps.Fill(kept);
        Steps = steps;
        _norm?.Dispose();
        _norm = null;
        Parameters.CopyMasterToModel();
        Parameters.ZeroGradient();
    }

    /// <summary>Frees buffers; the module keeps its weights.</summary>
    public void Dispose()
    {
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

    /// <summary>A double as the script reads it back exactly; the exponent marks it as no whole number.</summary>
    private static string Number(double value) => value.ToString("E16", CultureInfo.InvariantCulture);

    /// <summary>Views of the decayed part of all buffers and of the rest.</summary>
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

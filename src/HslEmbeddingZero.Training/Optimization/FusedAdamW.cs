using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) over flat buffers: one fused update for the decayed part and one for the rest, with the gradient
/// clipped on the way, by a norm that is never read back to the host.
/// </summary>
internal sealed class FusedAdamW : IDisposable
{
    // TorchSharp has no binding for the fused operation; a fixed script reaches it. The lists must be arguments: lists built inside the
    // script are optimised away, and the update with them. Numbers stand in the script: as arguments they would be Scalars, see KeptScalar.
    private const string Script = """
        def NAME(weights: List[Tensor], gradients: List[Tensor], first: List[Tensor], second: List[Tensor], steps: List[Tensor], lr: Tensor, divisor: Tensor):
          none: List[Tensor] = []
          torch._fused_adamw_(weights, gradients, first, second, none, steps, lr=lr, beta1=BETA1, beta2=BETA2, weight_decay=DECAY, eps=EPSILON, amsgrad=False, maximize=False, grad_scale=divisor)
          return weights[0]

        """;

    private const string Decayed = "update_decayed";
    private const string Plain = "update_plain";

    private readonly jit.CompilationUnit _script;
    private readonly FlatParameters _parameters;
    private readonly TrainerOptions _options;
    private readonly List<Segment> _segments = [];
    private Tensor _steps;
    private Tensor _one;
    private Tensor _clip;

    public FusedAdamW(FlatParameters parameters, TrainerOptions options)
    {
        _parameters = parameters;
        _options = options;
        Device device = parameters.Weights.device;
        FirstMoment = zeros(parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        SecondMoment = zeros(parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        _steps = zeros([], ScalarType.Float32, device).DetachFromDisposeScope();
        _one = ones([], ScalarType.Float32, device).DetachFromDisposeScope();
        using (Tensor clip = tensor(options.ClipNorm)) _clip = clip.to(ScalarType.Float32, device, copy: true).DetachFromDisposeScope();
        _script = jit.compile(Function(Decayed, options.WeightDecay) + Function(Plain, 0));
        Divide();
    }

    public Tensor FirstMoment { get; private set; }

    public Tensor SecondMoment { get; private set; }

    /// <summary>Goes with parameters that were gathered anew, see <see cref="FlatParameters.Follow"/>; moments and step count stay as they are.</summary>
    public void Follow()
    {
        Device device = _parameters.Weights.device;
        FirstMoment = Moved(FirstMoment, device);
        SecondMoment = Moved(SecondMoment, device);
        _steps = Moved(_steps, device);
        _one = Moved(_one, device);
        _clip = Moved(_clip, device);
        Divide();
    }

    /// <summary>Clips the gradient, updates the weights, and returns the norm before clipping as a scalar on the device (the caller's).</summary>
    public Tensor Step(double learningRate)
    {
        using var quiet = no_grad();
        Tensor norm = _parameters.Gradient.norm().DetachFromDisposeScope();
        using var scope = NewDisposeScope();
        // The update divides by this on its way, so that clipping costs no pass of its own over the gradient.
        Tensor divisor = _options.ClipNorm > 0 ? (norm.Plus(1e-6) / _clip).clamp_min_(KeptScalar.One) : _one;
        _steps.PlusInPlace(_one);
        using Tensor rate = tensor(learningRate, ScalarType.Float64); // on the host, where the update reads it
        foreach (Segment part in _segments)
        {
            _ = _script.invoke(part.Update, part.Weights, part.Gradient, part.First, part.Second, part.Steps, rate, divisor);
        }

        return norm;
    }

    /// <summary>Sets the number of updates made so far, after the moments have been restored.</summary>
    public void RestoreSteps(long steps)
    {
        using Scalar kept = (float)steps;
        _steps.fill_(kept);
    }

    public void Dispose()
    {
        foreach (Segment part in _segments) part.Dispose();
        _segments.Clear();
        FirstMoment.Dispose();
        SecondMoment.Dispose();
        _steps.Dispose();
        _one.Dispose();
        _clip.Dispose();
        _script.Dispose();
    }

    private string Function(string name, double decay) => Script
        .Replace("NAME", name, StringComparison.Ordinal)
        .Replace("BETA1", Number(_options.Beta1), StringComparison.Ordinal)
        .Replace("BETA2", Number(_options.Beta2), StringComparison.Ordinal)
        .Replace("DECAY", Number(decay), StringComparison.Ordinal)
        .Replace("EPSILON", Number(_options.Epsilon), StringComparison.Ordinal);

    /// <summary>A double as the script reads it back exactly; the exponent marks it as no whole number.</summary>
    private static string Number(double value) => value.ToString("E16", CultureInfo.InvariantCulture);

    /// <summary>Views of the decayed part of all buffers and of the rest.</summary>
    private void Divide()
    {
        foreach (Segment part in _segments) part.Dispose();
        _segments.Clear();
        long decayed = _parameters.DecayedCount, all = _parameters.Count;
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
        return new(update, [View(_parameters.Weights)], [View(_parameters.Gradient)], [View(FirstMoment)], [View(SecondMoment)], [_steps]);

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

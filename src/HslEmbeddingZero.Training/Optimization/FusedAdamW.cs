using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) over flat buffers: one fused update for the decayed part and one for the rest, with the gradient
/// clipped to a norm that is never read back to the host.
/// </summary>
internal sealed class FusedAdamW : IDisposable
{
    // TorchSharp has no binding for the fused operation; a fixed script reaches it. The lists must be arguments: lists built inside the
    // script are optimised away, and the update with them.
    private const string Script = """
        def update(weights: List[Tensor], gradients: List[Tensor], first: List[Tensor], second: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, decay: float, eps: float):
          none: List[Tensor] = []
          torch._fused_adamw_(weights, gradients, first, second, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
          return weights[0]

        """;

    private readonly jit.CompilationUnit _script = jit.compile(Script);
    private readonly FlatParameters _parameters;
    private readonly TrainerOptions _options;
    private readonly List<Segment> _segments = [];
    private readonly Tensor _steps;
    private readonly Tensor _one;

    public FusedAdamW(FlatParameters parameters, TrainerOptions options)
    {
        _parameters = parameters;
        _options = options;
        Device device = parameters.Weights.device;
        FirstMoment = zeros(parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        SecondMoment = zeros(parameters.Count, ScalarType.Float32, device).DetachFromDisposeScope();
        _steps = zeros([], ScalarType.Float32, device).DetachFromDisposeScope();
        _one = ones([], ScalarType.Float32, device).DetachFromDisposeScope();
        if (parameters.DecayedCount > 0) _segments.Add(Part(0, parameters.DecayedCount, options.WeightDecay));
        if (parameters.DecayedCount < parameters.Count) _segments.Add(Part(parameters.DecayedCount, parameters.Count - parameters.DecayedCount, 0));
    }

    public Tensor FirstMoment { get; }

    public Tensor SecondMoment { get; }

    /// <summary>Clips the gradient, updates the weights, and returns the norm before clipping as a scalar on the device (the caller's).</summary>
    public Tensor Step(double learningRate)
    {
        using var quiet = no_grad();
        Tensor norm = _parameters.Gradient.norm().DetachFromDisposeScope();
        using var scope = NewDisposeScope();
        if (_options.ClipNorm > 0)
        {
            Tensor scale = (_options.ClipNorm / (norm + 1e-6)).clamp_max_(1.0);
            _parameters.Gradient.mul_(scale);
        }

        _steps.add_(_one);
        foreach (Segment part in _segments)
        {
            _ = _script.invoke("update", [part.Weights, part.Gradient, part.First, part.Second, part.Steps,
                learningRate, _options.Beta1, _options.Beta2, part.Decay, _options.Epsilon]);
        }

        return norm;
    }

    /// <summary>Sets the number of updates made so far, after the moments have been restored.</summary>
    public void RestoreSteps(long steps) => _steps.fill_((float)steps);

    public void Dispose()
    {
        foreach (Segment part in _segments) part.Dispose();
        FirstMoment.Dispose();
        SecondMoment.Dispose();
        _steps.Dispose();
        _one.Dispose();
        _script.Dispose();
    }

    private Segment Part(long start, long count, double decay)
    {
        return new([View(_parameters.Weights)], [View(_parameters.Gradient)], [View(FirstMoment)], [View(SecondMoment)], [_steps], decay);

        Tensor View(Tensor buffer) => buffer.narrow(0, start, count).DetachFromDisposeScope();
    }

    private sealed record Segment(Tensor[] Weights, Tensor[] Gradient, Tensor[] First, Tensor[] Second, Tensor[] Steps, double Decay)
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

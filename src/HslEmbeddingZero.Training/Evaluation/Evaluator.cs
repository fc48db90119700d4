using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Scores a model on a held-out set: mean bits over every target byte, the same bytes for every arm and seed.</summary>
public sealed class Evaluator
{
    private readonly HeldOutSet _heldOut;
    private readonly int _batchSize;
    private readonly Device _device;

    /// <param name="heldOut">What is scored.</param>
    /// <param name="batchSize">Samples scored at once; sets speed and memory, not the result beyond rounding.</param>
    /// <param name="device">Where the model is; the CPU when null.</param>
    public Evaluator(HeldOutSet heldOut, int batchSize = 16, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        _heldOut = heldOut;
        _batchSize = batchSize;
        _device = device ?? CPU;
    }

    /// <summary>Scores the model. It is put into evaluation mode meanwhile, and back into the mode it was in.</summary>
    /// <param name="model">The model, on the evaluator's device.</param>
    /// <param name="cancellation">Asks to stop between two batches.</param>
    /// <exception cref="OperationCanceledException">The cancellation was asked for.</exception>
    public EvaluationResult Evaluate(ByteLanguageModel model, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        bool wasTraining = model.training;
        model.eval();
        try
        {
            using var quiet = inference_mode();
            (double text, double[] bySource) = Text(model, cancellation);
            double video = _heldOut.Video is { } v ? Mean(BytesOf(model, Modality.Video, v.Contexts, v.Targets, cancellation)) : double.NaN;
            double caption = double.NaN, audioSwapped = double.NaN, sceneSwapped = double.NaN;
            if (_heldOut.Caption is { } c)
            {
                caption = Mean(BytesOf(model, Modality.Caption, c.Contexts, c.Targets, cancellation));
                audioSwapped = Mean(BytesOf(model, Modality.Caption, c.AudioSwapped, c.Targets, cancellation));
                sceneSwapped = Mean(BytesOf(model, Modality.Caption, c.SceneSwapped, c.Targets, cancellation));
            }

            return new EvaluationResult(text, bySource, video, caption, audioSwapped - caption, sceneSwapped - caption);
        }
        finally
        {
            model.train(wasTraining);
        }
    }

    private (double All, double[] BySource) Text(ByteLanguageModel model, CancellationToken cancellation)
    {
        if (_heldOut.Text is not { } text) return (double.NaN, []);
        double[] bits = Score(model, Modality.Text, text.Count, (first, count, shape) => (
            tensor(text.Contexts.AsSpan(first * shape.ContextLength, count * shape.ContextLength).ToArray(), [count, shape.ContextLength]),
            tensor(text.Targets.AsSpan(first * shape.TargetLength, count * shape.TargetLength).ToArray(), [count, shape.TargetLength])), cancellation);
        double[] bySource = [.. text.Source.Zip(bits).GroupBy(w => w.First).OrderBy(g => g.Key).Select(g => g.Average(w => w.Second))];
        return (bits.Average(), bySource);
    }

    private double[] BytesOf(ByteLanguageModel model, Modality modality, byte[] contexts, byte[] targets, CancellationToken cancellation) =>
        Score(model, modality, targets.Length / SampleShape.Of(modality).TargetLength, (first, count, shape) => (
            tensor(contexts.AsSpan(first * shape.ContextLength, count * shape.ContextLength).ToArray(), [count, shape.ContextLength]),
            tensor(targets.AsSpan(first * shape.TargetLength, count * shape.TargetLength).ToArray(), [count, shape.TargetLength])), cancellation);

    /// <summary>Mean bits per byte of each sample; all samples of a modality have the same length.</summary>
    private double[] Score(
        ByteLanguageModel model, Modality modality, int samples, Func<int, int, SampleShape, (Tensor Context, Tensor Targets)> read, CancellationToken cancellation)
    {
        SampleShape shape = SampleShape.Of(modality);
        double[] bits = new double[samples];
        for (int first = 0; first < samples; first += _batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            int count = Math.Min(_batchSize, samples - first);
            (Tensor context, Tensor targets) = read(first, count, shape);
            Tensor targetIds = targets.to(_device);
            Tensor nats = LanguageModelLoss.NatsOfEachByte(model.forward(context.to(_device), targetIds), targetIds);
            double[] sums = nats.sum(1, type: ScalarType.Float64).cpu().data<double>().ToArray();
            for (int i = 0; i < count; i++) bits[first + i] = sums[i] / shape.TargetLength / Math.Log(2);
        }

        return bits;
    }

    private static double Mean(double[] bits) => bits.Average();
}

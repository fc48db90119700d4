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
    /// <exception cref="NotFiniteNumberException">The model scores a sample with NaN or infinity.</exception>
    public EvaluationResult Evaluate(ByteLanguageModel model, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return InEvaluationMode(model, () =>
        {
            (double text, double[] bySource) = Text(model, cancellation);
            double video = _heldOut.Video is { } v ? Mean(BitsOfSamples(model, Modality.Video, v.Contexts, v.Targets, cancellation)) : double.NaN;
            double caption = double.NaN, audioSwapped = double.NaN, sceneSwapped = double.NaN;
            if (_heldOut.Caption is { } c)
            {
                caption = Mean(BitsOfSamples(model, Modality.Caption, c.Contexts, c.Targets, cancellation));
                audioSwapped = Mean(BitsOfSamples(model, Modality.Caption, c.AudioSwapped, c.Targets, cancellation));
                sceneSwapped = Mean(BitsOfSamples(model, Modality.Caption, c.SceneSwapped, c.Targets, cancellation));
            }

            return new EvaluationResult(text, bySource, video, caption, audioSwapped - caption, sceneSwapped - caption);
        });
    }

    /// <summary>
    /// Scores every held-out byte of text by itself: what is needed to tell where a model is good. The model is put into evaluation mode
    /// meanwhile, and back into the mode it was in.
    /// </summary>
    /// <param name="model">The model, on the evaluator's device.</param>
    /// <param name="cancellation">Asks to stop between two batches.</param>
    /// <returns>
    /// Bits of each id of <see cref="HeldOutText.Targets"/>, in that order; their mean is <see cref="EvaluationResult.TextBitsPerByte"/> but
    /// for rounding. Empty where the set has no text.
    /// </returns>
    /// <exception cref="OperationCanceledException">The cancellation was asked for.</exception>
    /// <exception cref="NotFiniteNumberException">The model scores a sample with NaN or infinity.</exception>
    public double[] EvaluateTextBytes(ByteLanguageModel model, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (_heldOut.Text is not { } text) return [];
        double[] bits = new double[text.Targets.Length];
        return InEvaluationMode(model, () =>
        {
            int written = 0;
            Score(model, Modality.Text, text.Contexts, text.Targets, nats =>
            {
                foreach (double one in nats.to(ScalarType.Float64).cpu().contiguous().data<double>())
                    bits[written] = Bits(one, Modality.Text, written++ / SampleShape.Of(Modality.Text).TargetLength);
            }, cancellation);
            return bits;
        });
    }

    private static T InEvaluationMode<T>(ByteLanguageModel model, Func<T> score)
    {
        bool wasTraining = model.training;
        model.eval();
        try
        {
            using var quiet = inference_mode();
            return score();
        }
        finally
        {
            model.train(wasTraining);
        }
    }

    private (double All, double[] BySource) Text(ByteLanguageModel model, CancellationToken cancellation)
    {
        if (_heldOut.Text is not { } text) return (double.NaN, []);
        double[] bits = BitsOfSamples(model, Modality.Text, text.Contexts, text.Targets, cancellation);
        double[] bySource = [.. text.Source.Zip(bits).GroupBy(w => w.First).OrderBy(g => g.Key).Select(g => g.Average(w => w.Second))];
        return (bits.Average(), bySource);
    }

    /// <summary>Mean bits per byte of each sample; all samples of a modality have the same length.</summary>
    private double[] BitsOfSamples<T>(
        ByteLanguageModel model, Modality modality, T[] contexts, T[] targets, CancellationToken cancellation)
        where T : unmanaged
    {
        int length = SampleShape.Of(modality).TargetLength;
        double[] bits = new double[targets.Length / length];
        int written = 0;
        Score(model, modality, contexts, targets, nats =>
        {
            foreach (double sum in nats.sum(1, type: ScalarType.Float64).cpu().data<double>())
                bits[written] = Bits(sum / length, modality, written++);
        }, cancellation);
        return bits;
    }

    /// <summary>Hands the nats [count, target length] of one batch after the other to <paramref name="take"/>.</summary>
    private void Score<T>(
        ByteLanguageModel model, Modality modality, T[] contexts, T[] targets, Action<Tensor> take, CancellationToken cancellation)
        where T : unmanaged
    {
        SampleShape shape = SampleShape.Of(modality);
        int samples = targets.Length / shape.TargetLength;
        for (int first = 0; first < samples; first += _batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            int count = Math.Min(_batchSize, samples - first);
            Tensor context = Rows(contexts, first, count, shape.ContextLength), targetIds = Rows(targets, first, count, shape.TargetLength);
            take(LanguageModelLoss.NatsOfEachByte(model.forward(context, targetIds), targetIds));
        }
    }

    private Tensor Rows<T>(T[] values, int first, int count, int length)
        where T : unmanaged => from_array(values.AsSpan(first * length, count * length).ToArray()).view(count, length).to(_device);

    private static double Bits(double nats, Modality modality, int sample) => double.IsFinite(nats)
        ? nats / Math.Log(2)
        : throw new NotFiniteNumberException(
            $"The loss of held-out {modality.ToString().ToLowerInvariant()} sample {sample} is {nats}: the model has diverged, or its weights "
            + "are damaged.", nats);

    private static double Mean(double[] bits) => bits.Average();
}

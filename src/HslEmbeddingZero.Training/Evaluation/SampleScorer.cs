using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Gives the loss of held-out samples.</summary>
internal abstract class SampleScorer
{
    /// <summary>Scores a batch.</summary>
    /// <param name="contexts">[count, context length] ids.</param>
    /// <param name="targets">[count, target length] ids.</param>
    /// <param name="nats">Receives count means, or the loss of each of the count · target length ids.</param>
    /// <param name="count">Samples of the batch.</param>
    public abstract void Score(ReadOnlySpan<short> contexts, ReadOnlySpan<short> targets, Span<double> nats, int count);

    /// <summary>Turns the sum of each sample into the mean over its scored ids. MASK is padding, which is not scored.</summary>
    protected static void DivideByScored(Span<double> sums, ReadOnlySpan<short> targets)
    {
        int length = targets.Length / sums.Length;
        for (int i = 0; i < sums.Length; i++) sums[i] /= length - targets.Slice(i * length, length).Count((short)ByteIds.Mask);
    }
}

/// <summary>A model on libtorch, in evaluation mode: a batch is one forward pass.</summary>
internal sealed class TorchScorer(ByteLanguageModel model, Device device) : SampleScorer
{
    public override void Score(ReadOnlySpan<short> contexts, ReadOnlySpan<short> targets, Span<double> nats, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor goal = Rows(targets);
        Tensor each = LanguageModelLoss.NatsOfEachByte(model.forward(Rows(contexts), goal), goal);
        Tensor numbers = nats.Length == count ? each.sum(1, type: ScalarType.Float64) : each.to(ScalarType.Float64);
        numbers.cpu().contiguous().data<double>().CopyTo(nats);
        if (nats.Length == count) DivideByScored(nats, targets);

        Tensor Rows(ReadOnlySpan<short> ids) => from_array(ids.ToArray(), device: CPU).view(count, ids.Length / count).to(device);
    }
}

/// <summary>Any model of bytes: the samples of a batch are scored side by side, one on each core.</summary>
internal sealed class ByteModelScorer(IByteModel model) : SampleScorer
{
    public override void Score(ReadOnlySpan<short> contexts, ReadOnlySpan<short> targets, Span<double> nats, int count)
    {
        // A span cannot go to other threads.
        short[] contextIds = contexts.ToArray(), targetIds = targets.ToArray();
        int contextLength = contextIds.Length / count, targetLength = targetIds.Length / count;
        double[] each = new double[targetIds.Length];
        try
        {
            Parallel.For(0, count, Score);
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }

        int perNumber = each.Length / nats.Length; // 1, or a whole sample
        for (int i = 0; i < nats.Length; i++) nats[i] = each.Skip(i * perNumber).Take(perNumber).Sum();
        if (nats.Length == count) DivideByScored(nats, targets);

        void Score(int sample)
        {
            float[] logits = new float[targetLength * ByteIds.Count];
            ReadOnlySpan<short> ids = targetIds.AsSpan(sample * targetLength, targetLength);
            model.Forward(contextIds.AsSpan(sample * contextLength, contextLength), ids, logits);
            for (int i = 0; i < targetLength; i++)
                if (ids[i] != ByteIds.Mask)
                    each[(sample * targetLength) + i] = Nats(logits.AsSpan(i * ByteIds.Count, ByteIds.Count), ids[i]);
        }
    }

    /// <summary>-ln softmax(logits)[id].</summary>
    private static double Nats(ReadOnlySpan<float> logits, int id)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits) most = Math.Max(most, logit); // NaN stays NaN
        foreach (float logit in logits) sum += Math.Exp(logit - most);
        return most + Math.Log(sum) - logits[id];
    }
}

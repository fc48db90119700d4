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
    /// <param name="exact">
    /// Receives 1 for each sample all of whose scored ids are the most likely ones, and 0 for the others. Greedy generation gives exactly
    /// these targets. Empty where that is not asked.
    /// </param>
    /// <param name="count">Samples of the batch.</param>
    public abstract void Score(
        ReadOnlySpan<short> contexts, ReadOnlySpan<short> targets, Span<double> nats, Span<double> exact, int count);

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
    public override void Score(
        ReadOnlySpan<short> contexts, ReadOnlySpan<short> targets, Span<double> nats, Span<double> exact, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor goal = Rows(targets);
        Tensor logits = model.forward(Rows(contexts), goal);
        Tensor each = LanguageModelLoss.NatsOfEachByte(logits, goal);
        Tensor numbers = nats.Length == count ? each.sum(1, type: ScalarType.Float64) : each.to(ScalarType.Float64);
        numbers.cpu().contiguous().data<double>().CopyTo(nats);
        if (nats.Length == count) DivideByScored(nats, targets);
        if (exact.Length > 0)
        {
            using Scalar never = float.NegativeInfinity; // Generation never draws MASK.
            logits.narrow(2, ByteIds.Mask, 1).fill_(never);
            Tensor isRight = logits.argmax(2).eq(goal).logical_or(goal.NotEqualSafe(ByteIds.Mask).logical_not());
            isRight.all(1).to(ScalarType.Float64).cpu().data<double>().CopyTo(exact);
        }

        Tensor Rows(ReadOnlySpan<short> ids) => from_array(ids.ToArray(), device: CPU).view(count, ids.Length / count).to(device);
    }
}

/// <summary>Any model of bytes: the samples of a batch are scored side by side, one on each core.</summary>
internal sealed class ByteModelScorer(IByteModel model) : SampleScorer
{
    public override void Score(
        ReadOnlySpan<short> contexts, ReadOnlySpan<short> targets, Span<double> nats, Span<double> exact, int count)
    {
        // A span cannot go to other threads.
        short[] contextIds = contexts.ToArray(), targetIds = targets.ToArray();
        int contextLength = contextIds.Length / count, targetLength = targetIds.Length / count;
        double[] each = new double[targetIds.Length], right = new double[count];
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
        right.AsSpan(0, exact.Length).CopyTo(exact);

        void Score(int sample)
        {
            float[] logits = new float[targetLength * ByteIds.Count];
            ReadOnlySpan<short> ids = targetIds.AsSpan(sample * targetLength, targetLength);
            model.Forward(contextIds.AsSpan(sample * contextLength, contextLength), ids, logits);
            bool isRight = true;
            for (int i = 0; i < targetLength; i++)
            {
                if (ids[i] == ByteIds.Mask) continue;
                ReadOnlySpan<float> row = logits.AsSpan(i * ByteIds.Count, ByteIds.Count);
                each[(sample * targetLength) + i] = Nats(row, ids[i]);
                isRight &= MostLikely(row) == ids[i];
            }

            right[sample] = isRight ? 1 : 0;
        }
    }

    /// <summary>The id that greedy generation draws, which is never MASK.</summary>
    private static int MostLikely(ReadOnlySpan<float> logits)
    {
        int most = 0;
        for (int id = 1; id < logits.Length; id++)
            if (id != ByteIds.Mask && logits[id] > logits[most]) most = id;
        return most;
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

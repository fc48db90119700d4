using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Runs;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>The ranks share the held-out samples, and all have the result of one process.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class SharedEvaluationTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_scores_are_those_of_one_process_bit_for_bit(int size)
    {
        using TinyRun run = new(TinyRun.Options);
        EvaluationResult one = new Evaluator(TinyRun.Sources, batchSize: 5).Evaluate(run.Model);
        EvaluationResult[] many = ThreadGroup.Run(size, group =>
        {
            using TinyRun rank = new(TinyRun.Options);
            List<EvaluationProgress> reports = [];
            EvaluationResult result = new Evaluator(TinyRun.Sources, 5, group: group).Evaluate(rank.Model, new Listed(reports));
            Assert.Equal(reports[^1].Total, reports[^1].Done);
            Assert.Equal(reports.Select(report => report.Done).Order(), reports.Select(report => report.Done));
            return result;
        });
        foreach (EvaluationResult result in many)
        {
            Assert.Equal(one.Mean, result.Mean);
            foreach ((SourceScore expected, SourceScore found) in one.Sources.Zip(result.Sources))
            {
                Assert.Equal(expected.BitsPerByte, found.BitsPerByte);
                Assert.Equal(expected.Gaps.AsEnumerable(), found.Gaps);
            }
        }
    }

    [Fact]
    public void The_bits_of_every_byte_are_those_of_one_process()
    {
        using TinyRun run = new(TinyRun.Options);
        double[] one = new Evaluator(TinyRun.Sources, batchSize: 5).EvaluateBytes(run.Model, "text");
        double[][] many = ThreadGroup.Run(2, group =>
        {
            using TinyRun rank = new(TinyRun.Options);
            return new Evaluator(TinyRun.Sources, 5, group: group).EvaluateBytes(rank.Model, "text");
        });
        Assert.All(many, bits => Assert.Equal(one, bits));
    }

    [Fact]
    public void NaN_on_one_rank_is_an_error_on_all()
    {
        (_, Exception?[] failures) = ThreadGroup.Try(2, group =>
        {
            using TinyRun rank = new(TinyRun.Options);
            if (group.Rank == 1)
            {
                using IDisposable quiet = no_grad();
                rank.Model.parameters().First().fill_(float.NaN);
            }

            return new Evaluator(TinyRun.Sources, 5, group: group).Evaluate(rank.Model);
        });
        Assert.All(failures, failure => Assert.IsType<NotFiniteNumberException>(failure));
        Assert.Equal(failures[0]!.Message, failures[1]!.Message);
    }

    [Fact]
    public void A_cancellation_of_one_rank_stops_all()
    {
        (_, Exception?[] failures) = ThreadGroup.Try(2, group =>
        {
            using TinyRun rank = new(TinyRun.Options);
            using CancellationTokenSource stop = new();
            if (group.Rank == 1) stop.Cancel();
            return new Evaluator(TinyRun.Sources, 5, group: group).Evaluate(rank.Model, cancellationToken: stop.Token);
        });
        Assert.All(failures, failure => Assert.IsAssignableFrom<OperationCanceledException>(failure));
    }

    private sealed class Listed(List<EvaluationProgress> reports) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => reports.Add(value);
    }
}

using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Runs;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>A run in a folder, by several ranks. Its files are those of one process.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class SharedRunTests : IDisposable
{
    private static readonly TrainerOptions Training = TinyRun.Options with
    {
        Steps = 12,
        BatchSize = 2,
        ReportEverySteps = 3,
        Distributed = new() { OrderedReduction = true },
    };

    private static readonly TrainingRunOptions Options = new() { EvaluateEverySteps = 4, CheckpointEvery = TimeSpan.FromTicks(1) };

    private static readonly Lazy<Files> Whole = new(() =>
    {
        using TemporaryFolder folder = new();
        Run(null, folder.PathOf("whole"));
        return Files.Of(folder.PathOf("whole"));
    });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_files_are_those_of_one_process()
    {
        string two = _folder.PathOf("two");
        ThreadGroup.Run(2, group => Run(group, two));
        AssertComplete(two);
    }

    [Fact]
    public void Only_rank_0_touches_the_folder()
    {
        ThreadGroup.Run(2, group => Run(group, _folder.PathOf($"rank{group.Rank}")));
        Assert.True(Directory.Exists(_folder.PathOf("rank0")));
        Assert.False(Directory.Exists(_folder.PathOf("rank1")));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    public void An_interrupted_run_resumes_with_another_number_of_ranks(int before, int after)
    {
        string pieces = _folder.PathOf($"{before}-{after}");
        Start(before, group =>
        {
            using CancellationTokenSource stop = new();
            Assert.ThrowsAny<OperationCanceledException>(() => Run(group, pieces, new CancelAt(6, stop), cancellationToken: stop.Token));
            return true;
        });
        Start(after, group => Run(group, pieces));
        AssertComplete(pieces);
    }

    /// <summary>The evaluation of a step may be in the log already. Only rank 0 has the log, and all ranks must agree.</summary>
    [Fact]
    public void A_run_that_is_interrupted_right_after_an_evaluation_does_not_repeat_it()
    {
        string pieces = _folder.PathOf("pieces");
        ThreadGroup.Run(2, group =>
        {
            using CancellationTokenSource stop = new();
            Assert.ThrowsAny<OperationCanceledException>(
                () => Run(group, pieces, cancellationToken: stop.Token, evaluations: new CancelAfterEvaluation(stop)));
            return true;
        });
        ThreadGroup.Run(2, group => Run(group, pieces));
        AssertComplete(pieces);
    }

    [Fact]
    public void A_folder_that_is_in_use_is_an_error_of_rank_0()
    {
        string folder = _folder.PathOf("used");
        using TinyRun other = new(Training);
        using TrainingRun user = new(folder, other.Model, TinyRun.Sources, Training);
        (_, Exception?[] failures) = ThreadGroup.Try(2, group => Run(group, folder));
        Assert.IsType<RunInUseException>(failures[0]);
        Assert.True(Assert.IsType<ProcessGroupException>(failures[1]).IsOfAnotherRank);
    }

    private static bool Start(int size, Func<IProcessGroup?, bool> action) =>
        size == 1 ? action(null) : Array.TrueForAll(ThreadGroup.Run(size, action), done => done);

    private static bool Run(
        IProcessGroup? group, string folder, IProgress<TrainingProgress>? progress = null,
        IProgress<RunEvaluation>? evaluations = null, CancellationToken cancellationToken = default)
    {
        using TinyRun tiny = new(Training);
        using TrainingRun run = new(folder, tiny.Model, TinyRun.Sources, Training, Options, group: group);
        run.Resume();
        run.Run(progress, evaluations, cancellationToken: cancellationToken);
        Assert.Equal(3, run.Evaluations.Count);
        Assert.NotNull(run.Best);
        return true;
    }

    /// <summary>Checks that a folder holds what one process without an interruption leaves.</summary>
    private static void AssertComplete(string folder)
    {
        Files whole = Whole.Value, found = Files.Of(folder);
        Assert.Equal(whole.Logs, found.Logs);
        Assert.Equal(whole.Tensors.Keys, found.Tensors.Keys);
        foreach ((string name, byte[] bytes) in whole.Tensors) Assert.True(bytes.AsSpan().SequenceEqual(found.Tensors[name]), name);
    }

    /// <summary>The files of a run: the lines of the logs without times, and the bytes of each tensor.</summary>
    private sealed record Files(string[] Logs, SortedDictionary<string, byte[]> Tensors)
    {
        public static Files Of(string folder)
        {
            SortedDictionary<string, byte[]> tensors = new(StringComparer.Ordinal);
            foreach (string file in (string[])["checkpoint.safetensors", "model.safetensors"])
            {
                foreach ((string name, TorchSharp.torch.Tensor tensor) in Safetensors.Load(Path.Combine(folder, file)))
                    using (tensor) tensors[$"{file}: {name}"] = tensor.bytes.ToArray();
            }

            return new(
                [
                    .. LogFile.WithoutTimes(Path.Combine(folder, "metrics.jsonl")),
                    .. LogFile.WithoutTimes(Path.Combine(folder, "evaluations.jsonl")),
                ],
                tensors);
        }
    }

    private sealed class CancelAfterEvaluation(CancellationTokenSource source) : IProgress<RunEvaluation>
    {
        public void Report(RunEvaluation value) => source.Cancel();
    }
}

using System.Globalization;
using HslEmbeddingZero.Faults;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>A run of HslEmbeddingZero.Ranks in a folder, which several processes train, and its files.</summary>
internal sealed class RankedRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string[] _options;

    /// <param name="options">Options of the program, for all parts of the run.</param>
    public RankedRun(params string[] options)
    {
        Out = _folder.Make("run");
        string corpus = _folder.Make("corpus");
        SmallCorpus.Write(corpus);
        _options = ["train", "--out", Out, "--corpus", corpus, .. options];
    }

    public string Out { get; }

    public string CheckpointPath => Path.Combine(Out, "checkpoint.safetensors");

    /// <summary>What does not depend on times: weights, scores, metrics and evaluations.</summary>
    public string[] Result =>
    [
        Convert.ToHexString(File.ReadAllBytes(Path.Combine(Out, "final.safetensors"))),
        File.ReadAllText(Path.Combine(Out, "final.json")),
        .. LogFile.WithoutTimes(Path.Combine(Out, "metrics.jsonl")),
        .. LogFile.WithoutTimes(Path.Combine(Out, "evaluations.jsonl")),
    ];

    public MpiRun Start(string mpirun, int ranks, params string[] more) => MpiRun.Start(mpirun, ranks, [.. _options, .. more]);

    /// <summary>Runs one process.</summary>
    public RankedRun Alone(params string[] more) => Ended(MpiRun.RunAlone(new Dictionary<string, string>(), [.. _options, .. more]), more);

    /// <summary>Runs several ranks.</summary>
    public RankedRun With(string mpirun, int ranks, params string[] more) =>
        Ended(MpiRun.Run(mpirun, ranks, [.. _options, .. more]), more);

    /// <summary>Checks that the checkpoint has no damage.</summary>
    /// <returns>Its step.</returns>
    public long VerifyCheckpoint()
    {
        IReadOnlyDictionary<string, string> metadata = Checkpoint.ReadMetadata(CheckpointPath);
        IReadOnlyDictionary<string, TorchSharp.torch.Tensor> tensors = Safetensors.Load(CheckpointPath);
        CheckpointDigest.Verify(CheckpointPath, metadata, tensors);
        foreach (TorchSharp.torch.Tensor tensor in tensors.Values) tensor.Dispose();
        return long.Parse(metadata["step"], CultureInfo.InvariantCulture);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The run must have come to its end, or to the step where it was to be interrupted.</summary>
    private RankedRun Ended(MpiResult result, string[] more)
    {
        bool isInterrupted = more.Any(option => option.StartsWith("interrupt@", StringComparison.Ordinal));
        Assert.True(isInterrupted ? result.ExitCode == 143 : result.ExitCode == 0, $"Exit code {result.ExitCode}.\n{result.Text}");
        return this;
    }
}

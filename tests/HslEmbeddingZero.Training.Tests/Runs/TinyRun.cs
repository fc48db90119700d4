using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>A model and a trainer so small that a step takes milliseconds, on a corpus made for the test.</summary>
internal sealed class TinyRun : IDisposable
{
    public static readonly TrainerOptions Options = new()
    {
        Steps = 8,
        WarmupSteps = 2,
        PeakLearningRate = 3e-3,
        FinalLearningRate = 3e-4,
        BatchSize = 1,
        GradientAccumulationSteps = 2,
        Seed = 5,
        ReportEverySteps = 4,
    };

    private static readonly Lazy<(TextCorpus Text, WindowCorpus Windows)> Corpora = new(MakeCorpora);

    public TinyRun(
        TrainerOptions options, string arm = "zero", int dim = 64, int bytesPerSlot = 2, double dropout = 0.1, Device? device = null,
        NgramCodes? codes = null, IReadOnlyList<SampleSource>? sources = null,
        IProcessGroup? group = null)
    {
        Model = new(DoorArms.Create(DoorArm.Named(arm), bytesPerSlot, dim, options.Seed, SlotTail.Pad, codes),
            new(new() { Dim = dim, Layers = 1, Heads = 2, Dropout = dropout }));
        Model.ResetParameters(options.Seed);
        Trainer = new(Model, sources ?? Sources, options, device, group);
    }

    /// <summary>Text, video and captions with equal weights.</summary>
    public static IReadOnlyList<SampleSource> Sources { get; } = [TextOf(), new VideoSource(Windows), new CaptionSource(Windows)];

    /// <summary>Text alone.</summary>
    public static IReadOnlyList<SampleSource> TextOnly { get; } = [Sources[0]];

    public static TextCorpus Text => Corpora.Value.Text;

    public static WindowCorpus Windows => Corpora.Value.Windows;

    public ByteLanguageModel Model { get; }

    public Trainer Trainer { get; }

    /// <summary>Every parameter's bytes, by name.</summary>
    public SortedDictionary<string, byte[]> Weights => Bytes(Model);

    /// <summary>Shorter samples than the default, for speed.</summary>
    public static TextSource TextOf(int heldOutSamples = 256) =>
        new(Text, contextLength: 128, targetLength: 64, heldOutSamples: heldOutSamples);

    /// <summary>Context and target of a row of each source, together.</summary>
    public static long IdsPerRow(IEnumerable<SampleSource> sources) => sources.Sum(source => (long)source.Shape.Length);

    public static SortedDictionary<string, byte[]> Bytes(nn.Module module)
    {
        using DisposeScope scope = NewDisposeScope();
        SortedDictionary<string, byte[]> weights = new(StringComparer.Ordinal);
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in module.named_parameters())
            weights[name] = parameter.detach().cpu().contiguous().bytes.ToArray();
        return weights;
    }

    public void Dispose()
    {
        Trainer.Dispose();
        Model.Dispose();
    }

    private static (TextCorpus Text, WindowCorpus Windows) MakeCorpora()
    {
        using TemporaryFolder folder = new();
        IEnumerable<string> lines = Enumerable.Range(0, 400).Select(
            i => $"The {(i % 3 == 0 ? "quick brown" : "lazy old")} fox jumps over dog number {i}.\n{(i % 5 == 4 ? "\n" : "")}");
        return (
            TextCorpus.Load([folder.Write("text.txt", string.Concat(lines))], heldOutShare: 0.25),
            WindowCorpus.Load([folder.Write("film.bin", TestWindows.Bytes(100))]));
    }
}

/// <summary>Keeps the reports of a run without times, which differ between runs.</summary>
internal sealed class Reports : IProgress<TrainingProgress>
{
    public List<TrainingProgress> Lines { get; } = [];

    public void Report(TrainingProgress value) =>
        Lines.Add(value with { BytesPerSecond = 0, Elapsed = TimeSpan.Zero, Remaining = TimeSpan.Zero });
}

/// <summary>Stops a run when a step is reported.</summary>
internal sealed class CancelAt(long step, CancellationTokenSource source) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (value.Step == step) source.Cancel();
    }
}

/// <summary>Cancels after the first batch of an evaluation.</summary>
internal sealed class CancelWhileScoring(CancellationTokenSource source) : IProgress<EvaluationProgress>
{
    public void Report(EvaluationProgress value) => source.Cancel();
}

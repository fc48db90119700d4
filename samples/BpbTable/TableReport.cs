using System.Globalization;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Renders the table for the console, in Markdown and in JSON.</summary>
internal sealed class TableReport(TableOptions options, ComparisonData data, IReadOnlyList<RunResult> results, int runs)
{
    private readonly string[] _headings = options.Schedules.Count > 1 ? [Headings[0], "steps", .. Headings[1..]] : Headings;

    /// <summary>
    /// Committed runs of the quick preset, by arithmetic. A CPU of the same kind with as many threads gives the same numbers.
    /// </summary>
    internal static readonly IReadOnlyDictionary<string, string> Committed = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bfloat16 by AVX512_BF16"] = "benchmarks/results/quick-cpu",
        ["float32, linear maps by BLAS, AVX-512"] = "benchmarks/results/quick-cpu-float32",
    };

    private static readonly string[] Headings =
        ["input front door", "K", "text bpb", "video bpb", "caption bpb", "binding gap", "scene gap", "learned input params"];

    /// <summary>Number of body parameters. Counted once, since the table is written after every run.</summary>
    private readonly Lazy<long> _bodyParameters = new(() =>
    {
        using ByteTransformer body = new(options.Preset.Budget.Body);
        return body.ParameterCount;
    });

    /// <summary>The rows of all results so far.</summary>
    private IEnumerable<Row> Rows => results
        .GroupBy(r => new TableRowKey(r.Key.Arm, r.Key.BytesPerSlot, r.Key.Steps)).Select(g => new Row(g.Key, [.. g]));

    public void Print(IAnsiConsole console)
    {
        AsText().Print(console);
        foreach (string line in Notes()) console.WriteLine(line);
    }

    public string Markdown()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Bits per byte by front door: preset `{options.Preset.Name}`").AppendLine();
        AsText().AppendTo(text);
        foreach (string line in Notes()) text.AppendLine(CultureInfo.InvariantCulture, $"- {line}");
        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Preset = options.Preset.Name,
            Device = Devices,
            Precision = ComputeOptions.NameOf(options.Preset.Budget.Training.Precision),
            Arithmetic,
            Runs = new { Finished = results.Count, Planned = runs },
            Libtorch = Versions,
            Steps = options.Schedules[^1],
            options.Preset.Seeds,
            Body = new
            {
                options.Preset.Budget.Body.Dim,
                options.Preset.Budget.Body.Layers,
                options.Preset.Budget.Body.Heads,
                Parameters = _bodyParameters.Value
            },
            Training = CommittedWords.Training(
                options.Preset.Budget.Training.WithSteps(options.Schedules[^1]) with { Seed = options.Preset.Seeds[0] }, data.Mix.Weights),
            Corpus = new
            {
                Text = data.Mix.TextCorpus.Inputs.Select((source, i) => new
                {
                    Name = data.Mix.TextNames[i],
                    source.Bytes,
                    source.Sha256,
                    source.Documents,
                    source.HeldOutDocuments,
                    BigramBpb = data.Bigram[i],
                    TrigramBpb = data.Trigram[i],
                }),
                Windows = data.Mix.Windows.Files.Zip(data.Mix.WindowNames, (file, name) => new { Name = name, file.Sha256 }),
                HeldOut = new
                {
                    Sha256 = data.Mix.HeldOutSha256,
                    TextWindows = data.Mix.HeldOutCounts[0],
                    VideoWindows = data.Mix.HeldOutCounts[1],
                    CaptionWindows = data.Mix.HeldOutCounts[2],
                },
            },
            Rows = Rows.Select(row => new
            {
                row.Key.Arm,
                row.Key.BytesPerSlot,
                row.Key.Steps,
                row.Results[0].LearnedInputParameters,
                TextBpb = row.Text,
                VideoBpb = row.Video,
                CaptionBpb = row.Caption,
                row.BindingGap,
                row.SceneGap,
                TextBpbBySource = data.Mix.TextNames.Select(
                    (name, i) => new { Name = name, Bpb = row.Spread(s => s.TextBitsPerByteBySource[i]) }),
                TrainBytesPerSecond = row.Results.Average(r => r.TrainBytesPerSecond),
                WallSeconds = row.Results.Sum(r => r.WallSeconds),
            }),
        },
        SampleJson.Indented);

    /// <summary>Whether benchmarks/results has these runs: the unchanged quick preset on the embedded corpus, on a CPU.</summary>
    private bool IsCommittedRun() =>
        options.Preset.Budget.Name == TrainingBudget.Quick.Name && options.Device.type == DeviceType.CPU
        && options.Schedules.SequenceEqual([TrainingBudget.Quick.Training.Steps])
        && options.Text.SequenceEqual(CorpusOptions.TextOrEmbedded(null))
        && options.Windows.SequenceEqual(CorpusOptions.WindowsOrEmbedded(null));

    /// <summary>The devices of the runs. There are several where some runs come from another machine.</summary>
    private string Devices => Joined(results.Select(r => r.Device), ComputeOptions.NameOf(options.Device));

    private string Versions => Joined(results.Select(r => r.Libtorch), TorchRuntime.LibtorchVersion);

    private string Arithmetic => RecommendedPrecision.Describe(options.Preset.Budget.Training.Precision, options.Device);

    private TextTable AsText() => new(_headings, [.. Rows.Select(Cells)]);

    private string[] Cells(Row row) =>
    [
        row.Key.Arm,
        .. options.Schedules.Count > 1 ? [row.Results[0].Key.Steps.ToString("N0", CultureInfo.InvariantCulture)] : Array.Empty<string>(),
        row.Key.BytesPerSlot.ToString(CultureInfo.InvariantCulture),
        row.Text.ToString("F3"),
        row.Video.ToString("F3"),
        row.Caption.ToString("F3"),
        row.BindingGap.ToString("+0.000;-0.000;+0.000"),
        row.SceneGap.ToString("+0.000;-0.000;+0.000"),
        row.Results[0].LearnedInputParameters.ToString("N0", CultureInfo.InvariantCulture),
    ];

    private IEnumerable<string> Notes()
    {
        TrainerOptions training = options.Preset.Budget.Training;
        string precision = ComputeOptions.NameOf(training.Precision);
        if (Arithmetic != precision) precision += $" ({Arithmetic})";
        if (results.Count < runs) yield return $"{results.Count} of {runs} runs are trained; the table grows.";
        yield return $"bits per scored held-out byte; "
            + $"{(options.Preset.Seeds.Count == 1 ? "one seed, so no spread is known" : "mean ± sample deviation")} "
            + $"(seeds {string.Join(", ", options.Preset.Seeds)}).";
        yield return $"body: dim {options.Preset.Budget.Body.Dim}, {options.Preset.Budget.Body.Layers} layers, "
            + $"{options.Preset.Budget.Body.Heads} heads, {_bodyParameters.Value:N0} parameters; "
            + $"{string.Join(", ", options.Schedules.Select(steps => steps.ToString("N0", CultureInfo.InvariantCulture)))} steps of "
            + $"{training.BatchSize} × {training.GradientAccumulationSteps} samples, mix text:video:caption "
            + $"{data.Mix.Weights.Text}:{data.Mix.Weights.Video}:{data.Mix.Weights.Caption}, learning rate {training.PeakLearningRate}.";
        yield return $"precision: {precision}; another arithmetic or number of threads "
            + "gives other last digits.";
        if (IsCommittedRun())
        {
            yield return Committed.TryGetValue(Arithmetic, out string? folder)
                ? $"committed in this arithmetic, with 2 threads: {folder}."
                : "no run in this arithmetic is committed: benchmarks/results holds others.";
        }

        yield return $"held out: {data.Mix.HeldOutCounts[0]} text, {data.Mix.HeldOutCounts[1]} video and {data.Mix.HeldOutCounts[2]} "
            + "caption windows.";
        yield return $"device: {Devices}, libtorch {Versions}; {results.Sum(r => r.WallSeconds):N0} s in all.";
        yield return $"for scale, the same held-out text under count models of the training text: byte bigram {Counted(data.Bigram)}, "
            + $"trigram {Counted(data.Trigram)}.";
    }

    private static string Joined(IEnumerable<string?> noted, string here) =>
        string.Join(" and ", noted.Select(name => name ?? here).Distinct());

    private string Counted(IReadOnlyList<double> bits) =>
        $"{bits[^1]:F3} ({string.Join(", ", data.Mix.TextNames.Select((name, i) => $"{name} {bits[i]:F3}"))})";

    private sealed class Row(TableRowKey key, RunResult[] results)
    {
        public TableRowKey Key { get; } = key;

        public RunResult[] Results { get; } = results;

        public Spread Text => Spread(s => s.TextBitsPerByte);

        public Spread Video => Spread(s => s.VideoBitsPerByte);

        public Spread Caption => Spread(s => s.CaptionBitsPerByte);

        public Spread BindingGap => Spread(s => s.BindingGap);

        public Spread SceneGap => Spread(s => s.SceneGap);

        public Spread Spread(Func<MixScores, double> score) => Samples.Spread.Of([.. Results.Select(r => score(r.Scores))]);
    }
}

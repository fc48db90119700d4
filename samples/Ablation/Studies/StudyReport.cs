using System.Globalization;
using System.Text;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The report of a study: a table of the doors, and tables of their comparisons.</summary>
internal sealed class StudyReport(StudyConditions conditions, IReadOnlyList<RunResult> results)
{
    private readonly Study _study = conditions.Study;
    private readonly bool _showsRate = conditions.Study.PeakLearningRates.Count > 1;

    public void Print(IAnsiConsole console)
    {
        foreach ((_, TextTable table) in Tables()) table.Print(console);
        foreach (string line in Notes()) console.WriteLine(line);
    }

    public string Markdown()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {conditions.Name}: {_study.Question}").AppendLine();
        if (_study.Prediction.Length > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"Expected before it ran: {_study.Prediction}").AppendLine();
        foreach ((string title, TextTable table) in Tables())
        {
            if (title.Length > 0) text.AppendLine(CultureInfo.InvariantCulture, $"## {title}").AppendLine();
            table.AppendTo(text);
        }

        foreach (string line in Notes()) text.AppendLine(CultureInfo.InvariantCulture, $"- {line}");
        return text.ToString();
    }

    private IEnumerable<(string Title, TextTable Table)> Tables()
    {
        yield return ("", new TextTable(
            [.. KeyHeadings("door"), "text bpb", "video bpb", "caption bpb", "binding gap", "scene gap", "learned input params"],
            [.. results.GroupBy(r => r.Key.Row()).Select(row => Scored(row.Key, [.. row]))]));
        if (results.All(r => r.Novelty is not null)) yield return Divided();
        Comparison[] comparisons = [.. Comparison.AtEqualRate(_study, results)];
        if (comparisons.Length == 0) yield break;
        yield return Compared(_showsRate ? "Paired differences at the same learning rate" : "Paired differences", comparisons);
        if (_study.EvaluateAt.Count > 0 && _study.Steps.Count == 1) yield return OnTheWay(comparisons);
        if (comparisons.All(c => c.TextByNovelty.Count > 0)) yield return DividedDifferences(comparisons);
        if (_showsRate)
            yield return Compared("Paired differences, each door at its best rate for text", [.. Comparison.AtBestRates(_study, results)]);
    }

    private (string Title, TextTable Table) Compared(string title, Comparison[] comparisons)
    {
        double[] text = Corrected(comparisons, c => c.Text), video = Corrected(comparisons, c => c.Video),
            caption = Corrected(comparisons, c => c.Caption);
        return (title, new TextTable(
            [.. KeyHeadings("door"), "minus", "text", "p", "Holm", "video", "p", "Holm", "caption", "p", "Holm"],
            [
                .. comparisons.Select((c, i) => (string[])
                [
                    .. KeyCells(c.Door), KeyedBaseline(c),
                    .. Tested(c.Text, text[i]), .. Tested(c.Video, video[i]), .. Tested(c.Caption, caption[i]),
                ]),
            ]));
    }

    private (string Title, TextTable Table) OnTheWay(Comparison[] comparisons) => (
        "Paired differences of text on the way",
        new TextTable(
        [.. KeyHeadings("door"), "minus",
            .. comparisons[0].TextOnTheWay.Select(at => string.Create(CultureInfo.InvariantCulture, $"{at.Step:N0} steps"))],
        [.. comparisons.Select(
            c => (string[])[.. KeyCells(c.Door), KeyedBaseline(c), .. c.TextOnTheWay.Select(at => Tested(at.Text, 1)[0])])]));

    private (string Title, TextTable Table) Divided()
    {
        IReadOnlyList<NoveltyScore> kinds = results[0].Novelty!;
        double bytes = kinds.Sum(kind => kind.Bytes);
        return ("Text by source, and by what training showed of it", new TextTable(
            [
                .. KeyHeadings("door"), .. Sources(),
                .. TextNovelty.Kinds.Zip(kinds,
                    (name, kind) => string.Create(CultureInfo.InvariantCulture, $"{name} ({kind.Bytes / bytes:P1})")),
            ],
            [.. results.GroupBy(r => r.Key.Row()).Select(row => (string[])
            [
                .. KeyCells(row.Key),
                .. Means(row, r => r.Scores.TextBitsPerByteBySource), .. Means(row, r => [.. r.Novelty!.Select(kind => kind.BitsPerByte)]),
            ])]));

        static IEnumerable<string> Means(IEnumerable<RunResult> row, Func<RunResult, IReadOnlyList<double>> of) =>
            Enumerable.Range(0, of(row.First()).Count).Select(place => Spread.Of([.. row.Select(r => of(r)[place])]).ToString("F3"));
    }

    private (string Title, TextTable Table) DividedDifferences(Comparison[] comparisons) => (
        "Paired differences of text by source, and what each kind of bytes adds to the difference of all text",
        new TextTable(
            [.. KeyHeadings("door"), "minus", .. Sources(), .. TextNovelty.Kinds],
            [.. comparisons.Select(c => (string[])
                [.. KeyCells(c.Door), KeyedBaseline(c), .. c.TextBySource.Concat(c.TextByNovelty).Select(part => Tested(part, 1)[0])])]));

    private IEnumerable<string> Sources() =>
        conditions.TextSources ?? results[0].Scores.TextBitsPerByteBySource.Select((_, place) => $"text {place + 1}");

    private static double[] Corrected(Comparison[] comparisons, Func<Comparison, PairedTest> of) =>
        PairedTest.Holm([.. comparisons.Select(c => of(c).P ?? 1)]);

    private static string KeyedBaseline(Comparison c) => c.Door.PeakLearningRate.Equals(c.Baseline.PeakLearningRate)
        ? Study.DoorLabel(c.Baseline)
        : $"{Study.DoorLabel(c.Baseline)} at {Rate(c.Baseline)}";

    private string[] Scored(RunKey key, RunResult[] row)
    {
        return
        [
            .. KeyCells(key),
            Score(s => s.TextBitsPerByte, "F3"), Score(s => s.VideoBitsPerByte, "F3"), Score(s => s.CaptionBitsPerByte, "F3"),
            Score(s => s.BindingGap, "+0.000;-0.000;+0.000"), Score(s => s.SceneGap, "+0.000;-0.000;+0.000"),
            row[0].LearnedInputParameters.ToString("N0", CultureInfo.InvariantCulture),
        ];

        string Score(Func<MixScores, double> of, string format) => Spread.Of([.. row.Select(r => of(r.Scores))]).ToString(format);
    }

    private string[] KeyHeadings(string door) =>
    [
        door,
        .. _study.BytesPerSlot.Count > 1 ? ["K", "dim"] : Array.Empty<string>(),
        .. _study.Steps.Count > 1 ? ["steps"] : Array.Empty<string>(),
        .. _showsRate ? ["rate"] : Array.Empty<string>(),
    ];

    private string[] KeyCells(RunKey key) =>
    [
        Study.DoorLabel(key),
        .. _study.BytesPerSlot.Count > 1
            ? [key.BytesPerSlot.ToString(CultureInfo.InvariantCulture),
                _study.BodyFor(key.BytesPerSlot).Dim.ToString(CultureInfo.InvariantCulture)]
            : Array.Empty<string>(),
        .. _study.Steps.Count > 1 ? [key.Steps.ToString("N0", CultureInfo.InvariantCulture)] : Array.Empty<string>(),
        .. _showsRate ? [Rate(key)] : Array.Empty<string>(),
    ];

    private static string Rate(RunKey key) => key.PeakLearningRate.ToString("0.######", CultureInfo.InvariantCulture);

    private static string[] Tested(PairedTest test, double corrected) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(test.Mean, 3) + 0.0:+0.000;-0.000;0.000}")
            + (test.Deviation is { } deviation ? string.Create(CultureInfo.InvariantCulture, $" ±{deviation:F3}") : ""),
        test.P is { } p ? Probability(p) : "",
        test.P is not null ? Probability(corrected) : "",
    ];

    private static string Probability(double p) => p < 0.001 ? "<0.001" : p.ToString("F3", CultureInfo.InvariantCulture);

    private IEnumerable<string> Notes()
    {
        int planned = _study.Runs().Count();
        if (results.Count < planned)
            yield return $"incomplete: {results.Count} of {planned} runs; "
                + "a mean is over the seeds that are trained, and one without ± is of one seed.";
        yield return $"bits per scored held-out byte; "
            + $"{(_study.Seeds.Count == 1 ? "one seed, so no spread is known" : "mean ± sample deviation")} (seeds "
            + $"{string.Join(", ", _study.Seeds)}).";
        if (_study.Baselines.Count > 0)
        {
            yield return _study.Seeds.Count == 1
                ? "differences of one seed: no test."
                : "differences are paired by seed (same body weights, same batches): mean ± sample deviation, two-sided paired t-test; "
                    + "Holm: corrected for all rows of the table, column by column.";
        }

        if (results.All(r => r.Novelty is not null))
            yield return "what training showed: whether the 4 bytes before a byte stand somewhere in the training text, and how often "
                + "with this byte behind them.";
        if (_showsRate && _study.Baselines.Count > 0)
            yield return "a best rate is chosen on the scores it is then compared by; all doors had the same choice.";
        foreach (int bytes in _study.BytesPerSlot)
        {
            ByteTransformerOptions body = _study.BodyFor(bytes);
            using ByteTransformer made = new(body);
            yield return $"body{(_study.BytesPerSlot.Count > 1 ? $" at K={bytes}" : $", K={bytes}")}: dim {body.Dim}, {body.Layers} "
                + $"layers, {body.Heads} heads, {made.ParameterCount.ToString("N0", CultureInfo.InvariantCulture)} parameters.";
            if (_study.DimPerByte is null) break;
        }

        (TrainerOptions training, MixWeights mix) = (_study.Budget.Training, _study.Budget.Mix);
        yield return $"{string.Join(", ", _study.Steps.Select(steps => steps.ToString("N0", CultureInfo.InvariantCulture)))} steps of "
            + $"{training.BatchSize} × {training.GradientAccumulationSteps} samples, mix text:video:caption "
            + $"{mix.Text}:{mix.Video}:{mix.Caption}, peak learning rate "
            + $"{string.Join(", ", _study.PeakLearningRates.Select(rate => rate.ToString(CultureInfo.InvariantCulture)))}, "
            + $"{conditions.Precision.ToString().ToLowerInvariant()}.";
        yield return $"held out: {conditions.HeldOutWindows[0]} text, {conditions.HeldOutWindows[1]} video and "
            + $"{conditions.HeldOutWindows[2]} caption windows; the same text under byte counts: "
            + string.Create(CultureInfo.InvariantCulture, $"bigram {conditions.Bigram:F3}, trigram {conditions.Trigram:F3}.");
        yield return $"device: {conditions.Device}, libtorch {conditions.Libtorch}; "
            + $"{results.Sum(r => r.WallSeconds).ToString("N0", CultureInfo.InvariantCulture)} s of training and scoring, "
            + "over all processes.";
    }
}

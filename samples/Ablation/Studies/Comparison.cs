namespace HslEmbeddingZero.Samples;

/// <summary>Compares a door with a baseline that has the same bytes per slot, steps and seeds.</summary>
/// <param name="Door">Row of the door.</param>
/// <param name="Baseline">Row of the baseline.</param>
/// <param name="Text">Text bits per byte, door minus baseline.</param>
/// <param name="Video">Video bits per byte, door minus baseline.</param>
/// <param name="Caption">Caption bits per byte, door minus baseline.</param>
/// <param name="TextOnTheWay">Text bits per byte, door minus baseline, after each scored step, the last included.</param>
internal sealed record Comparison(
    RunKey Door, RunKey Baseline, PairedTest Text, PairedTest Video, PairedTest Caption,
    IReadOnlyList<(long Step, PairedTest Text)> TextOnTheWay)
{
    /// <summary>Text bits per byte by source, door minus baseline.</summary>
    public required IReadOnlyList<PairedTest> TextBySource { get; init; }

    /// <summary>
    /// The share of each kind of <see cref="TextNovelty"/> in the difference of text. The shares add up to that difference. Empty where a
    /// run has no such scores.
    /// </summary>
    public required IReadOnlyList<PairedTest> TextByNovelty { get; init; }

    /// <summary>Compares every door of a study with every baseline, at the same learning rate.</summary>
    public static IEnumerable<Comparison> AtEqualRate(Study study, IReadOnlyList<RunResult> results) =>
        Between(study, [.. results.GroupBy(r => r.Key.Row())], sameRate: true);

    /// <summary>The same, with each door at the learning rate of its lowest mean text bits per byte.</summary>
    public static IEnumerable<Comparison> AtBestRates(Study study, IReadOnlyList<RunResult> results) =>
        Between(
            study,
            [
                .. results.GroupBy(r => r.Key.Row()).GroupBy(row => row.Key with { PeakLearningRate = 0 })
                    .Select(rates => rates.MinBy(row => row.Average(r => r.Scores.TextBitsPerByte))!),
            ],
            sameRate: false);

    private static IEnumerable<Comparison> Between(Study study, IGrouping<RunKey, RunResult>[] rows, bool sameRate) =>
        from place in Enumerable.Range(0, study.Baselines.Count)
        let baseline = study.Baselines[place]
        from row in rows
        where !study.Baselines.Take(place + 1).Contains(Study.DoorLabel(row.Key)) // compares two baselines with each other only once
        let other = rows.SingleOrDefault(candidate =>
            Study.DoorLabel(candidate.Key) == baseline && candidate.Key.BytesPerSlot == row.Key.BytesPerSlot
                && candidate.Key.Steps == row.Key.Steps
            && (!sameRate || candidate.Key.PeakLearningRate.Equals(row.Key.PeakLearningRate)))
        // in an incomplete study, some doors have no pair
        where other is not null && row.Any(run => other.Any(pair => pair.Key.Seed == run.Key.Seed))
        select Of(row, other);

    private static Comparison Of(IGrouping<RunKey, RunResult> door, IGrouping<RunKey, RunResult> baseline)
    {
        (RunResult Door, RunResult Baseline)[] pairs = [.. door.Join(baseline, r => r.Key.Seed, r => r.Key.Seed, (d, b) => (d, b))];
        return new Comparison(
            door.Key, baseline.Key,
            PairedTest.Of([.. pairs.Select(p => p.Door.Scores.TextBitsPerByte - p.Baseline.Scores.TextBitsPerByte)]),
            PairedTest.Of([.. pairs.Select(p => p.Door.Scores.VideoBitsPerByte - p.Baseline.Scores.VideoBitsPerByte)]),
            PairedTest.Of([.. pairs.Select(p => p.Door.Scores.CaptionBitsPerByte - p.Baseline.Scores.CaptionBitsPerByte)]),
            [
                .. pairs[0].Door.Curve.Select(point => point.Step).Append(door.Key.Steps).Select(step => (
                    step,
                    PairedTest.Of(
                        [.. pairs.Select(p => p.Door.ScoresAt(step).TextBitsPerByte - p.Baseline.ScoresAt(step).TextBitsPerByte)]))),
            ])
        {
            TextBySource = Each(run => run.Scores.TextBitsPerByteBySource),
            TextByNovelty = pairs.Any(p => p.Door.Novelty is null || p.Baseline.Novelty is null) ? [] : Each(Parts),
        };

        PairedTest[] Each(Func<RunResult, IReadOnlyList<double>> of) =>
        [
            .. Enumerable.Range(0, of(pairs[0].Door).Count)
                .Select(place => PairedTest.Of([.. pairs.Select(p => of(p.Door)[place] - of(p.Baseline)[place])])),
        ];
    }

    /// <summary>Bits that the bytes of each kind contribute to the bits per byte of all text.</summary>
    private static double[] Parts(RunResult run)
    {
        int bytes = run.Novelty!.Sum(kind => kind.Bytes);
        return [.. run.Novelty!.Select(kind => kind.BitsPerByte * kind.Bytes / bytes)];
    }
}

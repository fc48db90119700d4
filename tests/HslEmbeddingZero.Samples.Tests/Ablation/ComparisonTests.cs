namespace HslEmbeddingZero.Samples.Tests.Ablation;

public class ComparisonTests
{
    private static readonly Study Rates = new()
    {
        Question = "?",
        Arms = ["zero", "projection"],
        Seeds = [0, 1],
        Steps = [10],
        PeakLearningRates = [0.001, 0.002],
        Baselines = ["projection"],
    };

    private static RunResult Run(string arm, double rate, int seed, double text) =>
        new(new RunKey(arm, 8, 10, seed, rate), "", 0, new MixScores(text, [], 2 * text, 3 * text, 0, 0), [], 1, 1);

    private static readonly RunResult[] Results =
    [
        Run("zero", 0.001, 0, 2.0), Run("zero", 0.002, 0, 2.5), Run("projection", 0.001, 0, 2.2), Run("projection", 0.002, 0, 1.9),
        Run("zero", 0.001, 1, 2.1), Run("zero", 0.002, 1, 2.7), Run("projection", 0.001, 1, 2.5), Run("projection", 0.002, 1, 2.3),
    ];

    [Fact]
    public void At_equal_rates_seeds_are_paired()
    {
        Comparison[] comparisons = [.. Comparison.AtEqualRate(Rates, Results)];
        Assert.Equal([0.001, 0.002], comparisons.Select(c => c.Door.PeakLearningRate));
        Assert.All(comparisons, c => Assert.Equal(c.Door.PeakLearningRate, c.Baseline.PeakLearningRate));
        Assert.Equal(-0.3, comparisons[0].Text.Mean, 1e-12);
        Assert.Equal(-0.6, comparisons[0].Video.Mean, 1e-12);
        Assert.Equal(-0.9, comparisons[0].Caption.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(0.02), comparisons[0].Text.Deviation!.Value, 1e-12);
    }

    [Fact]
    public void Two_baselines_are_compared_once()
    {
        Comparison[] comparisons = [.. Comparison.AtEqualRate(Rates with { Baselines = ["projection", "zero"] }, Results)];
        Assert.Equal([("zero", "projection"), ("zero", "projection")], comparisons.Select(c => (c.Door.Arm, c.Baseline.Arm)));
    }

    [Fact]
    public void At_best_rates_each_door_has_its_own()
    {
        Comparison only = Assert.Single(Comparison.AtBestRates(Rates, Results));
        Assert.Equal((0.001, 0.002), (only.Door.PeakLearningRate, only.Baseline.PeakLearningRate));
        Assert.Equal(-0.05, only.Text.Mean, 1e-12);
    }

    /// <summary>The kinds of bytes add up to the difference of all text, each with its mean times its share.</summary>
    [Fact]
    public void Kinds_of_bytes_are_parts_of_the_difference()
    {
        Study study = Rates with { PeakLearningRates = [0.001], Seeds = [0, 1] };
        RunResult[] results =
        [
            .. Results.Where(run => run.Key.PeakLearningRate == 0.001).Select(run => run with
            {
                Scores = run.Scores with { TextBitsPerByteBySource = [run.Scores.TextBitsPerByte, 0] },
                Novelty = [new NoveltyScore(1, 4 * run.Scores.TextBitsPerByte - 3), new NoveltyScore(3, 1), new NoveltyScore(0, 0)],
            }),
        ];
        Comparison only = Assert.Single(Comparison.AtEqualRate(study, results));
        Assert.Equal([-0.3, 0, 0], only.TextByNovelty.Select(part => Math.Round(part.Mean, 12)));
        Assert.Equal([-0.3, 0], only.TextBySource.Select(part => Math.Round(part.Mean, 12)));
        Assert.Empty(Assert.Single(Comparison.AtEqualRate(study, [.. results[1..], results[0] with { Novelty = null }])).TextByNovelty);
    }
}

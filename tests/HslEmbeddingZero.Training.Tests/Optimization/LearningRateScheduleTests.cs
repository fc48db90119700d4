namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class LearningRateScheduleTests
{
    private static readonly TrainerOptions Options = new()
    {
        Steps = 111,
        WarmupSteps = 10,
        PeakLearningRate = 1e-3,
        FinalLearningRate = 1e-4
    };

    [Theory]
    [InlineData(0, 1e-4)]
    [InlineData(4, 5e-4)]
    [InlineData(9, 1e-3)]
    [InlineData(10, 1e-3)]
    [InlineData(60, 5.5e-4)] // half-way of the cosine: the mean of peak and final
    [InlineData(35, 8.681980515339464e-4)] // a quarter: 1e-4 + 9e-4 · (1 + √½)/2
    [InlineData(110, 1e-4)]
    [InlineData(500, 1e-4)]
    public void Values_are_those_of_the_formula(long step, double expected) =>
        Assert.Equal(expected, Options.Schedule.At(step), 1e-15);

    [Fact]
    public void It_rises_then_falls()
    {
        double[] rates = Enumerable.Range(0, Options.Steps).Select(step => Options.Schedule.At(step)).ToArray();
        for (int step = 1; step < rates.Length; step++)
            Assert.True(step < 10 ? rates[step] > rates[step - 1] : rates[step] <= rates[step - 1]);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(5, 5)]
    public void Short_runs_stay_between_zero_and_the_peak(int steps, int warmup)
    {
        TrainerOptions options = Options with { Steps = steps, WarmupSteps = warmup };
        for (int step = 0; step < steps; step++)
            Assert.InRange(options.Schedule.At(step), 1e-4, 1e-3);
    }
}

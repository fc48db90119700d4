using CsCheck;

namespace HslEmbeddingZero.Training.Tests.Data;

public class SourceScheduleTests
{
    private const int Text = 0;
    private const int Video = 1;
    private const int Caption = 2;

    [Fact]
    public void Equal_weights_take_turns() => Assert.Equal([Video, Text, Caption, Video, Text, Caption], First(6, 2, 2, 2));

    [Theory]
    [InlineData(1, 0, 0, Text)]
    [InlineData(0, 3, 0, Video)]
    [InlineData(0, 0, 0.1, Caption)]
    public void A_single_weight_takes_all(double text, double video, double caption, int expected)
    {
        SourceSchedule schedule = new([text, video, caption]);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal((expected, (long)i), schedule.At(i)));
        Assert.Equal((expected, 1_000_000_000_000), schedule.At(1_000_000_000_000));
    }

    /// <summary>Sequences of the earlier mix of three modalities, which recorded runs used.</summary>
    [Fact]
    public void Three_sources_take_the_turns_of_the_recorded_runs()
    {
        Assert.Equal([1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 0], First(20, 1, 1, 1));
        Assert.Equal([0, 1, 0, 2, 0, 0, 1, 0, 2, 0, 0, 1, 0, 2, 0, 0, 1, 0, 2, 0], First(20, 3, 1, 1));
        Assert.Equal([2, 1, 0, 2, 1, 2, 2, 1, 0, 2, 1, 2, 2, 1, 0, 2, 1, 2, 2, 1], First(20, 1, 2, 3));
        Assert.Equal([0, 2, 0, 2, 0, 0, 2, 0, 2, 0, 2, 0, 0, 2, 0, 2, 0, 0, 2, 0], First(20, 0.7, 0, 0.5));
    }

    [Fact]
    public void Every_prefix_holds_each_source_within_half_the_number_of_the_others_of_its_share() =>
        Gen.Double[0, 10].Array[1, 6].Where(weights => weights.Sum() > 0.01).Sample(
            weights =>
            {
                SourceSchedule schedule = new(weights);
                long[] counts = new long[weights.Length];
                for (int n = 1; n <= 300; n++)
                {
                    (int source, long earlier) = schedule.At(n - 1);
                    if (earlier != counts[source]++) return false;
                    for (int i = 0; i < weights.Length; i++)
                        if (Math.Abs(counts[i] - (n * weights[i] / weights.Sum())) > ((weights.Length - 1) / 2.0) + 1e-9) return false;
                }

                return true;
            },
            iter: 500);

    [Fact]
    public void A_source_without_a_weight_never_comes() =>
        Gen.Select(Gen.OneOf(Gen.Const(0.0), Gen.Double[0.01, 10]).Array[1, 6], Gen.Long[0, 1L << 40]).Sample(
            (weights, first) =>
            {
                if (weights.Sum() == 0) return true;
                SourceSchedule schedule = new(weights);
                return Enumerable.Range(0, 100).All(i => weights[schedule.At(first + i).Source] > 0);
            });

    /// <summary>Also late in a run, the count of earlier micro-batches of a source grows by one each time.</summary>
    [Fact]
    public void The_count_of_earlier_micro_batches_goes_up_by_one_anywhere() =>
        Gen.Select(Gen.Double[0.01, 10].Array[1, 6], Gen.Long[0, 1L << 40]).Sample(
            (weights, first) =>
            {
                SourceSchedule schedule = new(weights);
                Dictionary<int, long> next = [];
                for (int i = 0; i < 200; i++)
                {
                    (int source, long earlier) = schedule.At(first + i);
                    if (next.TryGetValue(source, out long expected) && earlier != expected) return false;
                    next[source] = earlier + 1;
                }

                return true;
            });

    [Fact]
    public void Weights_of_which_none_is_above_zero_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new SourceSchedule([0, 0, 0]));
        Assert.Throws<ArgumentException>(() => new SourceSchedule([double.MaxValue, double.MaxValue, 0]));
        Assert.Throws<ArgumentException>(() => new SourceSchedule([]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_weight_that_is_no_proportion_is_refused_by_its_source(double weight) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TextSource(EmbeddedCorpus.Text, weight: weight));

    [Fact]
    public void A_negative_index_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new SourceSchedule([1, 1, 1]).At(-1));

    private static IEnumerable<int> First(int count, params double[] weights)
    {
        SourceSchedule schedule = new(weights);
        return Enumerable.Range(0, count).Select(i => schedule.At(i).Source);
    }
}

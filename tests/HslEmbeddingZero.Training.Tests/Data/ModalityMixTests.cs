using CsCheck;

namespace HslEmbeddingZero.Training.Tests.Data;

public class ModalityMixTests
{
    [Fact]
    public void Equal_weights_take_turns() => Assert.Equal(
        [Modality.Video, Modality.Text, Modality.Caption, Modality.Video, Modality.Text, Modality.Caption],
        Enumerable.Range(0, 6).Select(i => new ModalityMix(2, 2, 2).At(i)));

    [Theory]
    [InlineData(1, 0, 0, Modality.Text)]
    [InlineData(0, 3, 0, Modality.Video)]
    [InlineData(0, 0, 0.1, Modality.Caption)]
    public void A_single_weight_takes_all(double text, double video, double caption, Modality expected)
    {
        var mix = new ModalityMix(text, video, caption);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(expected, mix.At(i)));
        Assert.Equal(expected, mix.At(1_000_000_000_000));
    }

    [Fact]
    public void Every_prefix_holds_each_modality_within_one_of_its_share()
    {
        var weight = Gen.Double[0, 10];
        Gen.Select(weight, weight, weight).Where((text, video, caption) => text + video + caption > 0.01).Sample(
            (text, video, caption) =>
            {
                var mix = new ModalityMix(text, video, caption);
                var counts = new double[3];
                for (var n = 1; n <= 300; n++)
                {
                    counts[(int)mix.At(n - 1)]++;
                    foreach (var modality in Enum.GetValues<Modality>())
                        if (Math.Abs(counts[(int)modality] - (n * mix.Weight(modality) / (text + video + caption))) > 1 + 1e-9)
                            return false;
                }

                return true;
            },
            iter: 300);
    }

    [Theory]
    [InlineData(-1, 1, 1)]
    [InlineData(1, double.NaN, 1)]
    [InlineData(1, 1, double.PositiveInfinity)]
    [InlineData(0, 0, 0)]
    [InlineData(double.MaxValue, double.MaxValue, 0)]
    public void Weights_that_are_no_proportions_are_refused(double text, double video, double caption) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModalityMix(text, video, caption));

    [Fact]
    public void A_negative_index_and_a_mix_without_weights_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModalityMix(1, 1, 1).At(-1));
        Assert.Throws<InvalidOperationException>(() => default(ModalityMix).At(0));
    }
}

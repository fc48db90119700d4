namespace HslEmbeddingZero.Samples.Tests.Ablation;

public class PairedTestTests
{
    [Fact]
    public void Student_s_two_sided_p_of_five_differences()
    {
        // t = 3 / (sqrt(2.5) / sqrt(5)) = 4.2426 with 4 degrees of freedom.
        var test = PairedTest.Of([1, 2, 3, 4, 5]);
        Assert.Equal((5, 3.0), (test.Count, test.Mean));
        Assert.Equal(Math.Sqrt(2.5), test.Deviation!.Value, 1e-12);
        Assert.Equal(0.0132358, test.P!.Value, 1e-6);
        Assert.Equal(test.P!.Value, PairedTest.Of([-1, -2, -3, -4, -5]).P!.Value, 1e-12);
    }

    [Fact]
    public void One_difference_proves_nothing_and_equal_ones_everything()
    {
        Assert.Equal(new PairedTest(1, 0.5, null, null), PairedTest.Of([0.5]));
        Assert.Equal(new PairedTest(3, 0.5, 0, 0), PairedTest.Of([0.5, 0.5, 0.5]));
        Assert.Equal(new PairedTest(2, 0, 0, 1), PairedTest.Of([0, 0]));
    }

    [Fact]
    public void Holm_counts_the_smallest_most_and_keeps_the_order()
    {
        Assert.Equal([0.03, 0.06, 0.06], PairedTest.Holm([0.01, 0.04, 0.03]).Select(p => Math.Round(p, 12)));
        Assert.Equal([1, 1], PairedTest.Holm([0.7, 0.9]));
        Assert.Empty(PairedTest.Holm([]));
    }
}

using HslEmbeddingZero.Samples.Demo;

namespace HslEmbeddingZero.Demo.Tests;

public class PrincipalComponentsTests
{
    private static readonly double[][] Rows =
        [.. Enumerable.Range(0, 60).Select(i => new[] { 3 * Math.Sin(i), Math.Cos(1.7 * i), i % 5 * 0.1, 2 })];

    [Fact]
    public void Axes_are_unit_directions_at_right_angles()
    {
        var found = PrincipalComponents.Of(Rows, 3);
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                Assert.Equal(a == b ? 1 : 0, Dot(found.Axes[a], found.Axes[b]), 10);
    }

    [Fact]
    public void The_variance_along_each_axis_is_what_is_told_and_falls()
    {
        var found = PrincipalComponents.Of(Rows, 3);
        double[][] places = [.. Rows.Select(found.Project)];
        double total = Enumerable.Range(0, 4).Sum(column => Variance([.. Rows.Select(row => row[column])]));
        for (int axis = 0; axis < 3; axis++)
            Assert.Equal(Variance([.. places.Select(place => place[axis])]) / total, found.Explained[axis], 10);
        Assert.Equal(1, found.Explained.Sum(), 10);
        Assert.Equal(found.Explained.OrderDescending(), found.Explained);
    }

    [Fact]
    public void The_largest_part_of_every_axis_is_positive() =>
        Assert.All(PrincipalComponents.Of(Rows, 3).Axes, axis => Assert.True(axis.MaxBy(Math.Abs) > 0));

    [Fact]
    public void A_rotated_line_is_found()
    {
        var found = PrincipalComponents.Of([.. Enumerable.Range(-5, 11).Select(i => new[] { 0.6 * i + 1, 0.8 * i - 2 })], 1);
        Assert.Equal(0.6, found.Axes[0][0], 10);
        Assert.Equal(0.8, found.Axes[0][1], 10);
        Assert.Equal([1.0, -2.0], found.Mean, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(1, found.Explained[0], 10);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double Variance(double[] values) => values.Average(value => value * value) - values.Average() * values.Average();
}

using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The directions in which rows differ most, by singular value decomposition of the centred rows.</summary>
/// <param name="Mean">Mean row.</param>
/// <param name="Axes">Unit directions at right angles, the one of most variance first.</param>
/// <param name="Explained">Share of the variance along each direction, all of them; they add up to 1.</param>
internal sealed record PrincipalComponents(double[] Mean, double[][] Axes, double[] Explained)
{
    /// <summary>Finds the first <paramref name="count"/> directions of at least as many rows as columns.</summary>
    public static PrincipalComponents Of(IReadOnlyList<double[]> rows, int count)
    {
        Matrix<double> matrix = Matrix<double>.Build.DenseOfRowArrays(rows);
        Vector<double> mean = matrix.ColumnSums() / matrix.RowCount;
        for (int row = 0; row < matrix.RowCount; row++) matrix.SetRow(row, matrix.Row(row) - mean);

        Svd<double> decomposed = matrix.Svd();
        double[] variances = [.. decomposed.S.Select(value => value * value)];
        double total = variances.Sum();
        return new PrincipalComponents(
            mean.ToArray(),
            [.. Enumerable.Range(0, count).Select(axis => Oriented(decomposed.VT.Row(axis).ToArray()))],
            [.. variances.Select(variance => variance / total)]);
    }

    /// <summary>Where a row lies along the axes.</summary>
    public double[] Project(double[] row) =>
        [.. Axes.Select(axis => axis.Select((weight, column) => weight * (row[column] - Mean[column])).Sum())];

    /// <summary>A direction and its opposite are equally good; the one whose largest part is positive is taken, on every machine.</summary>
    private static double[] Oriented(double[] axis)
    {
        double largest = axis.MaxBy(Math.Abs);
        return largest < 0 ? [.. axis.Select(part => -part)] : axis;
    }
}

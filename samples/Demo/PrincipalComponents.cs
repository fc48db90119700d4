using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Principal components of rows: the directions of most variance, by singular value decomposition of the centred rows.</summary>
/// <param name="Mean">Mean row.</param>
/// <param name="Axes">Orthonormal directions, the one with most variance first.</param>
/// <param name="Explained">Share of the variance along each direction, for all directions; the shares add up to 1.</param>
internal sealed record PrincipalComponents(double[] Mean, double[][] Axes, double[] Explained)
{
    /// <summary>Finds the first <paramref name="count"/> directions. There must be at least as many rows as columns.</summary>
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

    /// <summary>Coordinates of a row along the axes.</summary>
    public double[] Project(double[] row) =>
        [.. Axes.Select(axis => axis.Select((weight, column) => weight * (row[column] - Mean[column])).Sum())];

    /// <summary>The sign of a direction is arbitrary. The largest component is made positive, so that all machines agree.</summary>
    private static double[] Oriented(double[] axis)
    {
        double largest = axis.MaxBy(Math.Abs);
        return largest < 0 ? [.. axis.Select(part => -part)] : axis;
    }
}

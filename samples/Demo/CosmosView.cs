using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The 256 bytes as points, projected from some of their feature columns.</summary>
/// <param name="Name">
/// <c>value</c>: the 18 columns that depend on the byte alone. The path of any input goes from point to point. <c>all</c>: the 27 columns
/// of a byte at the start of an input. The path of an input then also shows the bytes before each byte.
/// </param>
/// <param name="Columns">The feature columns of the view.</param>
/// <param name="Scales">
/// Factor of each column. They give every channel group the same total variance, equally divided among its columns. Without them, the eight
/// Fourier columns would hold most of the variance.
/// </param>
/// <param name="Components">Principal components of the scaled columns, with the share of variance of every direction.</param>
/// <param name="Points">[256][3] coordinates of each byte.</param>
internal sealed record CosmosView(string Name, int[] Columns, double[] Scales, PrincipalComponents Components,
    IReadOnlyList<double[]> Points)
{
    private const int Dimensions = 3;

    public static CosmosView Of(string name, int[] columns, IReadOnlyList<float[]> rows)
    {
        double[] scales = [.. columns.Select(
            column => 1 / (Deviation(rows, column) * Math.Sqrt(columns.Count(other => GroupOf(other) == GroupOf(column)))))];
        double[][] scaled = [.. rows.Select(row => columns.Select((column, i) => scales[i] * row[column]).ToArray())];
        var components = PrincipalComponents.Of(scaled, Dimensions);
        return new CosmosView(name, columns, scales, components, [.. scaled.Select(components.Project)]);
    }

    private static double Deviation(IReadOnlyList<float[]> rows, int column) =>
        rows.Select(row => (double)row[column]).PopulationStandardDeviation();

    private static string GroupOf(int column) => ChannelDescription.All[column].Group;
}

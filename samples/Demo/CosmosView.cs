using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The bytes seen by some of their columns.</summary>
/// <param name="Name">
/// <c>value</c> for the 18 columns that a byte has wherever it stands, so that the path of any input runs from point to point; <c>all</c>
/// for the
/// 27 it has at the start of an input, so that the path of an input also shows what stands before each byte.
/// </param>
/// <param name="Columns">Feature columns looked at.</param>
/// <param name="Scales">
/// Factor of each column. They give every channel group the same variance in all, shared evenly by its columns: unscaled, the eight Fourier
/// columns alone would hold most of it.
/// </param>
/// <param name="Components">Mean and directions, for rows of these columns, with the share of the variance along every direction.</param>
/// <param name="Points">[256][3] place of each byte.</param>
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

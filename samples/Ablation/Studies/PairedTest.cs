using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Student's paired t-test over seeds. For one seed, all doors of a study get the same initial body weights and the same batches. So doors
/// are compared by their differences within a seed.
/// </summary>
/// <param name="Count">Number of seeds that both doors were trained with.</param>
/// <param name="Mean">Mean difference, first minus second.</param>
/// <param name="Deviation">Sample standard deviation of the differences; null for one seed.</param>
/// <param name="P">Two-sided p-value: probability of a mean at least this far from 0 without a true difference; null for one seed.</param>
internal sealed record PairedTest(int Count, double Mean, double? Deviation, double? P)
{
    /// <param name="differences">One difference per seed.</param>
    public static PairedTest Of(IReadOnlyList<double> differences)
    {
        double mean = differences.Mean();
        if (differences.Count < 2) return new PairedTest(differences.Count, mean, null, null);
        double deviation = differences.StandardDeviation();
        if (deviation == 0) return new PairedTest(differences.Count, mean, 0, mean == 0 ? 1 : 0);
        double t = Math.Abs(mean) / (deviation / Math.Sqrt(differences.Count));
        return new PairedTest(differences.Count, mean, deviation, 2 * StudentT.CDF(0, 1, differences.Count - 1, -t));
    }

    /// <summary>
    /// Holm's step-down correction of m p-values. The smallest is multiplied by m, the next by m - 1, and so on. A corrected value is at
    /// most 1, and at least the one before it.
    /// </summary>
    public static double[] Holm(IReadOnlyList<double> probabilities)
    {
        double[] corrected = new double[probabilities.Count];
        double highest = 0;
        foreach ((int place, int index) in Enumerable.Range(0, probabilities.Count).OrderBy(i => probabilities[i]).Index())
        {
            highest = Math.Max(highest, Math.Min(1, probabilities[index] * (probabilities.Count - place)));
            corrected[index] = highest;
        }

        return corrected;
    }
}

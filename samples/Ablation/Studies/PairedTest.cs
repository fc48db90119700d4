using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Student's paired t-test over seeds. All doors of a study see the same body weights and the same batches for one seed, so that the
/// differences within a seed are what a claim rests on.
/// </summary>
/// <param name="Count">Seeds that both doors were trained with.</param>
/// <param name="Mean">Mean difference, first minus second.</param>
/// <param name="Deviation">Sample deviation of the differences; null for one seed.</param>
/// <param name="P">Two-sided probability of a mean at least as far from 0 if there were no difference; null for one seed.</param>
internal sealed record PairedTest(int Count, double Mean, double? Deviation, double? P)
{
    /// <param name="differences">One difference a seed.</param>
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
    /// Holm's step-down correction: with m tests the smallest p counts m times, the next m - 1 times, and none less than one before it.
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

using System.Globalization;
using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.Samples;

/// <summary>A score over seeds: mean, sample standard deviation (null for one seed), and the values.</summary>
internal sealed record Spread(double Mean, double? Std, IReadOnlyList<double> Values)
{
    public static Spread Of(double[] values) => new(values.Mean(), values.Length > 1 ? values.StandardDeviation() : null, values);

    public string ToString(string format) => Std is { } deviation
        ? $"{Rounded.ToString(format, CultureInfo.InvariantCulture)} ±{deviation.ToString("F3", CultureInfo.InvariantCulture)}"
        : Rounded.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>The mean rounded to the three digits shown, so that zero has no minus sign.</summary>
    private double Rounded => Math.Round(Mean, 3) + 0.0;
}

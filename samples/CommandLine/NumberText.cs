using System.Globalization;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Reads the numbers of command lines, the same in every country: digits with a point. A comma, a space, a currency sign, brackets, NaN and
/// infinity are refused, as each of them could silently become another number.
/// </summary>
internal static class NumberText
{
    /// <summary>Reads a whole number, such as 12 or -3.</summary>
    public static bool TryWhole(string text, long low, long high, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= low && value <= high;

    /// <summary>Reads a finite number, such as 0.8, .8 or 1e-3.</summary>
    public static bool TryNumber(string text, out double value) =>
        double.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
            out value)
        && double.IsFinite(value);

    /// <summary>The end of a refusal: the wrong text, and the number with a point where it has a comma.</summary>
    public static string Wrong(string text) => text.Contains(',', StringComparison.Ordinal) && TryNumber(text.Replace(',', '.'), out _)
        ? $"got '{text}'. Write a point: {text.Replace(',', '.')}."
        : $"got '{text}'.";
}

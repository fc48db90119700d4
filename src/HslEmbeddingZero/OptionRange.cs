namespace HslEmbeddingZero;

/// <summary>The check of an option that all records of options share.</summary>
internal static class OptionRange
{
    /// <exception cref="ArgumentOutOfRangeException">It does not hold.</exception>
    public static void Require(bool holds, string name, object value, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
    }
}

namespace HslEmbeddingZero.Faults;

/// <summary>The most memory this process has had since a moment, native memory included, as Linux counts it. Elsewhere 0.</summary>
internal static class PeakMemory
{
    private const string Status = "/proc/self/status";
    private const string Clear = "/proc/self/clear_refs";

    /// <summary>Resident bytes at this moment.</summary>
    public static long Now => Read("VmRSS:");

    /// <summary>The most resident bytes since <see cref="Reset"/>.</summary>
    public static long Peak => Read("VmHWM:");

    /// <summary>Starts to count anew.</summary>
    public static void Reset()
    {
        if (File.Exists(Clear)) File.WriteAllText(Clear, "5");
    }

    private static long Read(string name) =>
        File.Exists(Status) && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } found
            ? long.Parse(found[name.Length..^2].Trim()) * 1024
            : 0;
}

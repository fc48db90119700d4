namespace HslEmbeddingZero.Faults;

/// <summary>Peak memory of this process, native memory included, as Linux counts it. 0 on other systems.</summary>
internal static class PeakMemory
{
    private const string Status = "/proc/self/status";
    private const string Clear = "/proc/self/clear_refs";

    /// <summary>Resident bytes now.</summary>
    public static long Now => Read("VmRSS:");

    /// <summary>Peak resident bytes since <see cref="Reset"/>.</summary>
    public static long Peak => Read("VmHWM:");

    /// <summary>Starts a new measurement.</summary>
    public static void Reset()
    {
        if (File.Exists(Clear)) File.WriteAllText(Clear, "5");
    }

    private static long Read(string name) =>
        File.Exists(Status) && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } found
            ? long.Parse(found[name.Length..^2].Trim()) * 1024
            : 0;
}

namespace HslEmbeddingZero.Tests;

/// <summary>A file of JSON lines that a run writes.</summary>
internal static class LogFile
{
    /// <summary>The lines of a metrics or evaluations file without the time fields, which come last.</summary>
    public static string[] WithoutTimes(string path) => [.. File.ReadAllLines(path).Select(line =>
        line[..line.IndexOf(line.Contains("bytesPerSecond", StringComparison.Ordinal) ? ",\"bytesPerSecond\"" : ",\"seconds\"",
            StringComparison.Ordinal)])];
}

using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>The lines of progress on standard error, such as "a.mp4  (1 of 2)  50%  0.1 of 0.2 MB  3.0 MB/s  00:00:01 left".</summary>
internal static partial class ProgressLines
{
    /// <summary>What a program wrote beside its progress.</summary>
    public static string Removed(string error) => Line().Replace(error, "");

    [GeneratedRegex(
        @"^.*  \d+%  [\d.]+ of [\d.]+ MB  [\d.]+ MB/s  [\d:]+ left\r?\n", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}

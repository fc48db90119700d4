using System.Globalization;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The options of the text command.</summary>
/// <param name="Inputs">Files to read, in order.</param>
/// <param name="Out">The text file to write, as a full path.</param>
/// <param name="Field">The field of a line, or the column, that holds the text.</param>
/// <param name="Take">Stop after the document with which the output reaches this many bytes; null for no limit.</param>
/// <param name="LongestLine">Longest line to read, in bytes.</param>
/// <param name="Resume">Whether to resume an earlier run.</param>
internal sealed record TextOptions(IReadOnlyList<string> Inputs, string Out, string Field, long? Take, int LongestLine, bool Resume)
{
    /// <summary>Bytes of output between two saved points, from which a killed run can resume.</summary>
    public long SaveEvery { get; init; } = 32 << 20;

    /// <summary>Whether the output has reached <see cref="Take"/>.</summary>
    public bool IsEnough(long bytes) => bytes >= Take;

    /// <summary>Everything that determines the output. A resumed run must have the same.</summary>
    public string Job(IEnumerable<FileInfo> inputs) => string.Create(
        CultureInfo.InvariantCulture, $"text field={Field} take={Take} longest={LongestLine} {string.Join(' ', inputs.Select(Identity))}");

    /// <summary>Path, length and time of a file at the start of the run.</summary>
    public static string Identity(FileInfo file) =>
        string.Create(CultureInfo.InvariantCulture, $"{file.FullName}:{file.Length}:{file.LastWriteTimeUtc.Ticks}");
}

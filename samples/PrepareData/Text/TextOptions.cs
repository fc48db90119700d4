using System.Globalization;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>What a command line asked of the text command.</summary>
/// <param name="Inputs">Files to read, in order.</param>
/// <param name="Out">The text file to write, as a full path.</param>
/// <param name="Field">The field of a line, or the column, that holds the text.</param>
/// <param name="Take">Stop after the document with which the output reaches this many bytes; null takes all.</param>
/// <param name="LongestLine">The longest line that is read, in bytes.</param>
/// <param name="Resume">Go on where an earlier run stopped.</param>
internal sealed record TextOptions(IReadOnlyList<string> Inputs, string Out, string Field, long? Take, int LongestLine, bool Resume)
{
    /// <summary>Bytes of output between two points that a killed run can go on from.</summary>
    public long SaveEvery { get; init; } = 32 << 20;

    /// <summary>True when so many bytes are all that was asked for.</summary>
    public bool IsEnough(long bytes) => bytes >= Take;

    /// <summary>All that decides the output, so that a resumed run can tell whether it is the same.</summary>
    public string Job(IEnumerable<FileInfo> inputs) => string.Create(
        CultureInfo.InvariantCulture, $"text field={Field} take={Take} longest={LongestLine} {string.Join(' ', inputs.Select(Identity))}");

    /// <summary>A file as it was when the run began.</summary>
    public static string Identity(FileInfo file) =>
        string.Create(CultureInfo.InvariantCulture, $"{file.FullName}:{file.Length}:{file.LastWriteTimeUtc.Ticks}");
}

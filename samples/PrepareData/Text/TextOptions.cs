using System.Globalization;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The options of the text command.</summary>
/// <param name="Inputs">Files, folders and patterns to read, in order.</param>
/// <param name="Out">The text file to write, as a full path.</param>
/// <param name="Field">The field of a line, or the column, that holds the text.</param>
/// <param name="Take">Stop after the document with which the output reaches this many bytes; null for no limit.</param>
/// <param name="LongestLine">Longest line to read, in bytes.</param>
/// <param name="Resume">Whether to resume an earlier run.</param>
internal sealed record TextOptions(IReadOnlyList<string> Inputs, string Out, string Field, long? Take, int LongestLine, bool Resume)
{
    /// <summary>Bytes of output between two saved points, from which a killed run can resume.</summary>
    public long SaveEvery { get; init; } = 32 << 20;

    /// <summary>
    /// Time between two saved points where many inputs write less than <see cref="SaveEvery"/>. Each point waits for the disk.
    /// </summary>
    public TimeSpan SaveAfter { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>Opens an input, as <see cref="TextInput.Open"/> does.</summary>
    public Func<string, string, TextPosition, int, TextInput> Open { get; init; } = TextInput.Open;

    /// <summary>The options that determine the content, apart from the inputs and <see cref="Take"/>.</summary>
    public IReadOnlyDictionary<string, string> Content => new Dictionary<string, string>
    {
        ["--field"] = Field,
        ["--longest-line"] = LongestLine.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Whether the output has reached <see cref="Take"/>.</summary>
    public bool IsEnough(long bytes) => bytes >= Take;
}

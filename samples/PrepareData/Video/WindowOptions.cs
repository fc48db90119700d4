using System.Globalization;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The options of the windows command.</summary>
/// <param name="Inputs">Films, in order. On the command line also folders and patterns.</param>
/// <param name="Captions">
/// One subtitle file, or <see cref="NoCaptions"/>, per film. Empty: those beside the films, or else those inside them.
/// </param>
/// <param name="Out">The window file to write, as a full path ending in .bin.</param>
/// <param name="Split">How films are divided into training and held-out parts.</param>
/// <param name="Resume">Whether to resume an earlier run.</param>
internal sealed record WindowOptions(IReadOnlyList<string> Inputs, IReadOnlyList<string> Captions, string Out, SplitRule Split, bool Resume)
{
    /// <summary>Endings of the films that are read from folders and patterns. A file named by itself can have any.</summary>
    public static IReadOnlyList<string> Endings { get; } =
    [
        ".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".wmv", ".flv", ".ogv", ".3gp", ".vob",
    ];

    /// <summary>Stands for the subtitle file of a film that has, or shall have, no captions.</summary>
    public const string NoCaptions = "none";

    /// <summary>Number of the audio stream to read, from 0; null for the default one.</summary>
    public int? AudioStream { get; init; }

    /// <summary>Name of the encoding of subtitle files that are not Unicode; null where none is named.</summary>
    public string? CaptionsEncoding { get; init; }

    /// <summary>The films, each with its subtitle file, or null where no file is used.</summary>
    public IReadOnlyList<(string Film, string? Captions)> Films =>
        [.. Inputs.Index().Select(film => (film.Item, Captions.Count == 0 ? CaptionLookup.Beside(film.Item).Chosen : Named(film.Index)))];

    /// <summary>The options that determine the windows, apart from the films and their subtitle files.</summary>
    public IReadOnlyDictionary<string, string> Content => new Dictionary<string, string>
    {
        ["--audio-stream"] = AudioStream?.ToString(CultureInfo.InvariantCulture) ?? "default",
        ["--captions-encoding"] = CaptionsEncoding ?? "none",
        ["--captions"] = Captions.Count == 0 ? "found" : "named", // a film without a named file has none, not those inside it
    };

    private string? Named(int film) => Captions[film] == NoCaptions ? null : Captions[film];
}


namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The options of the windows command.</summary>
/// <param name="Inputs">Films, in order. On the command line also folders and patterns.</param>
/// <param name="Captions">One subtitle file per film. Empty: those next to the films, with the same name.</param>
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

    /// <summary>The films, each with its subtitle file or null.</summary>
    public IReadOnlyList<(string Film, string? Captions)> Films =>
        [.. Inputs.Index().Select(film => (film.Item, Captions.Count > 0 ? Captions[film.Index] : Beside(film.Item)))];

    /// <summary>The options that determine the windows, apart from the films and their captions.</summary>
    public static IReadOnlyDictionary<string, string> Content { get; } = new Dictionary<string, string>();

    private static string? Beside(string film) =>
        SubtitleFile.Endings.Select(ending => Path.ChangeExtension(film, ending)).FirstOrDefault(File.Exists);
}


namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The options of the windows command.</summary>
/// <param name="Inputs">Films, in order.</param>
/// <param name="Captions">One subtitle file per film. Empty: those next to the films, with the same name.</param>
/// <param name="Out">The window file to write, as a full path ending in .bin.</param>
/// <param name="Split">How films are divided into training and held-out parts.</param>
/// <param name="Resume">Whether to resume an earlier run.</param>
internal sealed record WindowOptions(IReadOnlyList<string> Inputs, IReadOnlyList<string> Captions, string Out, SplitRule Split, bool Resume)
{
    /// <summary>The films, each with its subtitle file or null.</summary>
    public IReadOnlyList<(string Film, string? Captions)> Films =>
        [.. Inputs.Index().Select(film => (film.Item, Captions.Count > 0 ? Captions[film.Index] : Beside(film.Item)))];

    /// <summary>Everything that determines the output. A resumed run must have the same.</summary>
    public string Job => $"windows {string.Join(' ', Films.Select(film => $"{Identity(film.Film)} {Identity(film.Captions)}"))}";

    private static string Identity(string? file) => file is null ? "-" : TextOptions.Identity(new FileInfo(file));

    private static string? Beside(string film) =>
        SubtitleFile.Endings.Select(ending => Path.ChangeExtension(film, ending)).FirstOrDefault(File.Exists);
}

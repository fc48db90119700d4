
namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>What a command line asked of the windows command.</summary>
/// <param name="Inputs">Films, in order.</param>
/// <param name="Captions">One subtitle file a film, or none at all to take those that lie beside the films.</param>
/// <param name="Out">The file of windows to write, as a full path ending in .bin.</param>
/// <param name="Split">How films are divided.</param>
/// <param name="Resume">Go on where an earlier run stopped.</param>
internal sealed record WindowOptions(IReadOnlyList<string> Inputs, IReadOnlyList<string> Captions, string Out, SplitRule Split, bool Resume)
{
    /// <summary>The films with the subtitles that belong to each, or null.</summary>
    public IReadOnlyList<(string Film, string? Captions)> Films =>
        [.. Inputs.Index().Select(film => (film.Item, Captions.Count > 0 ? Captions[film.Index] : Beside(film.Item)))];

    /// <summary>All that decides the output, so that a resumed run can tell whether it is the same.</summary>
    public string Job => $"windows {string.Join(' ', Films.Select(film => $"{Identity(film.Film)} {Identity(film.Captions)}"))}";

    private static string Identity(string? file) => file is null ? "-" : TextOptions.Identity(new FileInfo(file));

    private static string? Beside(string film) =>
        SubtitleFile.Endings.Select(ending => Path.ChangeExtension(film, ending)).FirstOrDefault(File.Exists);
}

using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The subtitle files beside a film that bear its name.</summary>
/// <param name="Chosen">The file to use; null where there is none, or more than one that could be meant.</param>
/// <param name="Unused">The other files.</param>
internal sealed partial record CaptionLookup(string? Chosen, IReadOnlyList<string> Unused)
{
    /// <summary>
    /// Looks beside a film. film.srt and film.vtt come first. Else a file with a language, as film.en.srt or film.pt-BR.vtt, is used if
    /// there is only one language. Captions of foreign parts only, as film.en.forced.srt, are never chosen. A file that bears the longer
    /// name of another film, as film.two.srt beside film.two.mp4, belongs to that one.
    /// </summary>
    public static CaptionLookup Beside(string film)
    {
        string stem = Path.GetFileNameWithoutExtension(film) + ".";
        string[] beside = [.. FilesOf(Path.GetDirectoryName(film)!).Where(file => Bears(file, stem))];
        string[] longer =
        [
            .. beside.Where(file => InputList.HasEnding(file, WindowOptions.Endings))
                .Select(file => Path.GetFileNameWithoutExtension(file) + ".").Where(other => other.Length > stem.Length),
        ];
        (string Path, string Tag)[] files =
        [
            .. beside.Where(file => EndingOf(file) >= 0 && !longer.Any(other => Bears(file, other)))
                .Select(file => (file, Tag(file, stem)))
                .OrderBy(file => file.Item2, StringComparer.Ordinal).ThenBy(file => EndingOf(file.file))
                .ThenBy(file => file.file, StringComparer.Ordinal),
        ];
        string[] tags = [.. files.Select(file => file.Tag).Distinct().Where(tag => tag.Length == 0 || Language().IsMatch(tag))];
        string? tag = tags.Length == 1 || tags.Contains("") ? tags[0] : null; // "" is the first in the order
        string? chosen = tag is null ? null : files.First(file => file.Tag == tag).Path;
        return new CaptionLookup(chosen, [.. files.Select(file => file.Path).Where(path => path != chosen)]);
    }

    /// <summary>A film that is not there, or in a folder that cannot be listed, is reported where it is read.</summary>
    private static IEnumerable<string> FilesOf(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = default }) : [];

    private static bool Bears(string file, string stem) => Path.GetFileName(file).StartsWith(stem, StringComparison.Ordinal);

    private static int EndingOf(string file) =>
        SubtitleFile.Endings.Index().FirstOrDefault(
            ending => file.EndsWith(ending.Item, StringComparison.OrdinalIgnoreCase), (Index: -1, Item: "")).Index;

    private static string Tag(string file, string stem)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        return name.Length < stem.Length ? "" : name[stem.Length..].ToLowerInvariant();
    }

    /// <summary>A language as en, pt-BR or zh-Hans, and what else players understand in the name.</summary>
    [GeneratedRegex(@"^[a-z]{2,3}(?:[-_][a-z0-9]+)*(?:\.(?:sdh|cc|hi|default))*$", RegexOptions.CultureInvariant)]
    private static partial Regex Language();
}

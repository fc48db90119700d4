using System.Text.Json;

namespace HslEmbeddingZero.Training;

/// <summary>The films of one file of windows: as its sidecar names them or, without one, by position.</summary>
internal static class FilmList
{
    /// <summary>Windows left unused between a training film and the held-out rest of the same recording: five seconds.</summary>
    public const int Gap = 10;

    /// <summary>What the held-out rest of a recording is called: the training film's name and this.</summary>
    public const string LaterSuffix = ".later";

    private const int FewestWindows = 21;

    /// <summary>A hundred thousand films; more text than that could only be meant to fill the memory.</summary>
    private const int LongestSidecar = 16 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { AllowDuplicateProperties = false };

    /// <summary>
    /// One film, used for both video and caption: its first 90% trains, then a gap of ten windows (in a short file half of what is
    /// left), and the rest is held out.
    /// </summary>
    public static IEnumerable<Film> WithoutSidecar(SourceFile file, int fileIndex, int firstWindow, int windows)
    {
        if (windows < FewestWindows)
            throw new CorpusException(
                $"{file.Path}: {windows} windows and no sidecar that divides them; " +
                $"at least {FewestWindows} are needed to divide them by position.");

        var train = (int)(windows * 9L / 10);
        var gap = Math.Min(Gap, (windows - train) / 2);
        var name = Path.GetFileNameWithoutExtension(file.Path);
        foreach (var use in Enum.GetValues<FilmUse>())
        {
            yield return new(name, use, false, firstWindow, train, file.Path) { File = fileIndex };
            yield return new(
                name + LaterSuffix, use, true, firstWindow + train + gap, windows - train - gap, file.Path)
            { File = fileIndex };
        }
    }

    /// <summary>The films a sidecar lists. Fields it has beyond the six are ignored.</summary>
    public static IEnumerable<Film> FromSidecar(SourceFile sidecar, int fileIndex, int firstWindow, int windows)
    {
        if (sidecar.Content.Length > LongestSidecar)
            throw new CorpusException($"{sidecar.Path}: {sidecar.Content.Length} bytes of JSON; at most {LongestSidecar} are read.");

        Sidecar? read;
        try
        {
            read = JsonSerializer.Deserialize<Sidecar>(sidecar.Content, Json);
        }
        catch (JsonException failure)
        {
            throw new CorpusException($"{sidecar.Path}: not the JSON expected. {failure.Message}", failure);
        }

        if (read?.Films is not { Count: > 0 } films)
            throw new CorpusException($"{sidecar.Path}: no films; the field 'films' must list at least 1.");
        return films.Index().Select(entry => Checked(sidecar.Path, entry.Index, entry.Item, windows) with
        {
            First = firstWindow + entry.Item!.First!.Value,
            File = fileIndex,
        });
    }

    private static Film Checked(string path, int index, Entry? entry, int windows)
    {
        if (entry is not { Name: { } name, Modality: { } modality, Split: { } split, Group: { } group, First: { } first, Count: { } count })
            throw new CorpusException(
                $"{path}: film number {index} ('{entry?.Name}') lacks a field; name, modality, split, first, count and group are needed.");
        if (first < 0 || count < 1 || (long)first + count > windows)
            throw new CorpusException(
                $"{path}: film '{name}' has first {first} and count {count}; its windows must lie within 0 to {windows - 1}.");

        return new(
            name,
            modality switch
            {
                "video" => FilmUse.Video,
                "caption" => FilmUse.Caption,
                _ => throw new CorpusException($"{path}: film '{name}' has modality '{modality}'; it must be 'video' or 'caption'."),
            },
            split switch
            {
                "train" => false,
                "held-out" => true,
                _ => throw new CorpusException($"{path}: film '{name}' has split '{split}'; it must be 'train' or 'held-out'."),
            },
            first,
            count,
            group);
    }

    private sealed record Sidecar(List<Entry?>? Films);

    private sealed record Entry(string? Name, string? Modality, string? Split, int? First, int? Count, string? Group);
}

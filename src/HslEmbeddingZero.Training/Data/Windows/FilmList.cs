using System.Text.Json;

namespace HslEmbeddingZero.Training;

/// <summary>The films of one file of windows. They are listed by its sidecar (a JSON file) or, without a sidecar, by position.</summary>
internal static class FilmList
{
    /// <summary>Windows left unused between a training film and the held-out rest of the same recording: five seconds.</summary>
    public const int Gap = 10;

    /// <summary>Suffix for the held-out rest of a recording: the rest has the training film's name with this suffix.</summary>
    public const string LaterSuffix = ".later";

    private const int FewestWindows = 21;

    /// <summary>Enough for a hundred thousand films. A larger sidecar is refused, because it could only fill the memory.</summary>
    private const int LongestSidecar = 16 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { AllowDuplicateProperties = false };

    /// <summary>
    /// One film, used for both video and caption. Its first 90% is for training. Then there is a gap of ten windows (in a short file half
    /// of what is left), and the rest is held out.
    /// </summary>
    public static IEnumerable<Film> WithoutSidecar(SourceFile file, int fileIndex, int firstWindow, int windows)
    {
        if (windows < FewestWindows)
            throw new CorpusException(
                $"{file.Path}: {windows} windows and no sidecar that divides them; " +
                $"at least {FewestWindows} are needed to divide them by position.");

        int train = (int)(windows * 9L / 10);
        int gap = Math.Min(Gap, (windows - train) / 2);
        string name = Path.GetFileNameWithoutExtension(file.Path);
        foreach (FilmUse use in Enum.GetValues<FilmUse>())
        {
            Film trained = new()
            {
                Name = name,
                Use = use,
                IsHeldOut = false,
                First = firstWindow,
                Count = train,
                Group = file.Path,
                File = fileIndex,
            };
            yield return trained;
            yield return trained with
            {
                Name = name + LaterSuffix,
                IsHeldOut = true,
                First = firstWindow + train + gap,
                Count = windows - train - gap,
            };
        }
    }

    /// <summary>The films that a sidecar lists. Fields other than the six required ones are ignored.</summary>
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

        return new()
        {
            Name = name,
            Use = modality switch
            {
                "video" => FilmUse.Video,
                "caption" => FilmUse.Caption,
                _ => throw new CorpusException($"{path}: film '{name}' has modality '{modality}'; it must be 'video' or 'caption'."),
            },
            IsHeldOut = split switch
            {
                "train" => false,
                "held-out" => true,
                _ => throw new CorpusException($"{path}: film '{name}' has split '{split}'; it must be 'train' or 'held-out'."),
            },
            First = first,
            Count = count,
            Group = group,
        };
    }

    private sealed record Sidecar(List<Entry?>? Films);

    private sealed record Entry(string? Name, string? Modality, string? Split, int? First, int? Count, string? Group);
}

/// <summary>What the windows of a film are used for.</summary>
public enum FilmUse
{
    /// <summary>A window as context, and the window half a second later as target.</summary>
    Video,

    /// <summary>Frame and sound of a window as context, and its caption as target.</summary>
    Caption,
}

/// <summary>A sequence of successive windows from one recording, all on one side of the split.</summary>
public sealed record Film
{
    /// <summary>The film's name.</summary>
    public required string Name { get; init; }

    /// <summary>What its windows are used for.</summary>
    public required FilmUse Use { get; init; }

    /// <summary>True if the film is held out, false if it is for training.</summary>
    public required bool IsHeldOut { get; init; }

    /// <summary>The index of its first window in the corpus, counted over all files.</summary>
    public required int First { get; init; }

    /// <summary>How many windows it has.</summary>
    public required int Count { get; init; }

    /// <summary>Films of one recording, such as its views, share a group.</summary>
    public required string Group { get; init; }

    /// <summary>The index in <see cref="WindowCorpus.Files"/> of the file that holds it.</summary>
    public int File { get; init; }

    /// <summary>The index after its last window.</summary>
    internal int End => First + Count;
}

/// <summary>Checks that held-out films are separate from training films.</summary>
internal static class FilmSplit
{
    /// <summary>
    /// Refuses films that overlap, except that a window may serve as video and as caption on the same side. Refuses groups on both sides of
    /// the split, unless the held-out film is a later part of the training film. A later part has the same name with ".later" and is in the
    /// same file. It begins at least ten windows after the training film ends, with no other recording between. (Without a sidecar, a short
    /// file has a smaller gap.)
    /// </summary>
    public static void Check(IReadOnlyList<WindowFile> files, IReadOnlyList<Film> films)
    {
        CheckOverlaps(files, films);
        foreach (IGrouping<string, Film> group in films.GroupBy(film => film.Group))
            foreach (Film train in group.Where(film => !film.IsHeldOut))
                foreach (Film heldOut in group.Where(film => film.IsHeldOut))
                    CheckPair(files, films, train, heldOut);
    }

    private static void CheckOverlaps(IReadOnlyList<WindowFile> files, IReadOnlyList<Film> films)
    {
        Film[] ordered = films.OrderBy(film => film.First).ToArray();
        for (int i = 0; i < ordered.Length; i++)
            for (int j = i + 1; j < ordered.Length && ordered[j].First < ordered[i].End; j++)
                if (ordered[i].Use == ordered[j].Use || ordered[i].IsHeldOut != ordered[j].IsHeldOut)
                    throw new CorpusException(
                        $"{files[ordered[i].File].Path}: films '{ordered[i].Name}' and '{ordered[j].Name}' share " +
                        $"{Math.Min(ordered[i].End, ordered[j].End) - ordered[j].First} windows; at most 0 are allowed.");
    }

    private static void CheckPair(IReadOnlyList<WindowFile> files, IReadOnlyList<Film> films, Film train, Film heldOut)
    {
        int gap = heldOut.First - train.End;
        int least = files[train.File].SidecarSha256 is null ? 0 : FilmList.Gap;
        bool isLaterPart = heldOut.File == train.File && heldOut.Name == train.Name + FilmList.LaterSuffix && gap >= least
            && !films.Any(film => film.Group != heldOut.Group && film.First < heldOut.First && film.End > train.End);
        if (!isLaterPart)
            throw new CorpusException(
                $"{files[heldOut.File].Path}: group '{heldOut.Group}' is on both sides of the split, " +
                $"with '{train.Name}' in training and '{heldOut.Name}' held out, {gap} windows after it. " +
                $"That is allowed only for a later part: named '{train.Name}{FilmList.LaterSuffix}', " +
                $"at least {FilmList.Gap} windows after the end, with no film between.");
    }
}

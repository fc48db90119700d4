using System.Text.Json;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The JSON file next to a window file. It lists films and their split in the format of <see cref="WindowCorpus"/>.</summary>
internal static class WindowSidecar
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private const int Gap = 10;
    private const int FewestHeldOut = 2; // Scoring video needs at least one pair of windows.
    private const int OneInSo = 10;

    /// <summary>Refuses to replace a file that is no list of films.</summary>
    /// <param name="path">Path of the JSON file.</param>
    /// <exception cref="InvalidDataException">There is something else. The message says what to do.</exception>
    public static void RequireReplaceable(string path)
    {
        if (Directory.Exists(path)) throw new InvalidDataException($"{path}: this is a folder. Choose another --out.");
        if (!File.Exists(path) || IsListOfFilms(path)) return;
        throw new InvalidDataException(
            $"{path}: this file is no list of films, and the list would replace it. Choose another --out, or move the file.");
    }

    /// <summary>Returns the text of the JSON file.</summary>
    public static string Write(IReadOnlyList<FilmEntry> films, SplitRule split) => JsonSerializer.Serialize(
        new
        {
            Record = WindowRecord.Size,
            Frame = WindowRecord.FrameSize,
            Audio = WindowRecord.AudioSize,
            Caption = WindowRecord.CaptionSize,
            Separators = new int[] { WindowRecord.FieldSeparator, WindowRecord.FieldSeparator, WindowRecord.RecordEnd },
            WindowsPerSecond = Ffmpeg.FramesPerSecond,
            SampleRate = Ffmpeg.SampleRate,
            Records = films.Sum(film => film.Count),
            Films = Parts(films, split).SelectMany(Entries),
        },
        Json);

    private static bool IsListOfFilms(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using var json = JsonDocument.Parse(file);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("record", out JsonElement record) && record.ValueKind == JsonValueKind.Number
                && record.TryGetInt32(out int size) && size == WindowRecord.Size
                && json.RootElement.TryGetProperty("films", out JsonElement films) && films.ValueKind == JsonValueKind.Array;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Number of held-out windows.</summary>
    public static int HeldOut(IReadOnlyList<FilmEntry> films, SplitRule split) =>
        Parts(films, split).Where(part => part.IsHeldOut).Sum(part => part.Count);

    private static IEnumerable<Part> Parts(IReadOnlyList<FilmEntry> films, SplitRule split) =>
        films.Index().SelectMany(film => split == SplitRule.Time
            ? InTime(film.Item) : [new Part(film.Item, film.Item.Name, 0, film.Item.Count, IsHeldOut(film.Index, films.Count))]);

    private static bool IsHeldOut(int index, int count)
    {
        int every = Math.Min(OneInSo, count);
        return count > 1 && index % every == every / 2;
    }

    private static IEnumerable<Part> InTime(FilmEntry film)
    {
        int heldOut = Math.Max(FewestHeldOut, film.Count / OneInSo);
        int train = film.Count - heldOut - Gap;
        if (train < FewestHeldOut) return [new Part(film, film.Name, 0, film.Count, IsHeldOut: false)];
        return
        [
            new Part(film, film.Name, 0, train, IsHeldOut: false),
            new Part(film, film.Name + ".later", train + Gap, heldOut, IsHeldOut: true),
        ];
    }

    /// <summary>A part with pictures is a video entry. Its range from first to last captioned window is also a caption entry.</summary>
    private static IEnumerable<object> Entries(Part part)
    {
        FilmEntry film = part.Film;
        int first = Math.Max(part.First, film.FirstCaption);
        int last = Math.Min(part.First + part.Count - 1, film.LastCaption);
        if (film.HasVideo) yield return Entry("video", part.First, part.Count);
        if (film.FirstCaption >= 0 && first <= last) yield return Entry("caption", first, last - first + 1);

        object Entry(string modality, int begin, int count) => new
        {
            part.Name,
            Modality = modality,
            Group = $"{film.Name} {film.Content}",
            First = film.First + begin,
            Count = count,
            film.File,
            Audio = film.Sounding > 0 ? "own" : "silence",
            Split = part.IsHeldOut ? "held-out" : "train",
        };
    }

    private sealed record Part(FilmEntry Film, string Name, int First, int Count, bool IsHeldOut);
}

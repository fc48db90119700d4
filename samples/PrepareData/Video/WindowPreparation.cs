using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Writes the windows of many films into one file, with a JSON file that lists the films and a contact sheet of frames.</summary>
internal static class WindowPreparation
{
    private const int WindowsBetweenLooks = 64;
    private const int MostWindows = int.MaxValue / WindowRecord.Size; // More windows could not be loaded.

    public static void Run(IAnsiConsole console, WindowOptions options, CancellationToken cancellationToken)
    {
        Ffmpeg.Find();
        IReadOnlyList<(string Path, string? Captions)> films = options.Films;
        using PreparedFile<State> output = new(options.Out, options.Job, options.Resume);
        State state = output.Resumed ?? new State();

        while (state.Films.Count < films.Count)
        {
            (string path, string? captions) = films[state.Films.Count];
            state.Films.Add(Prepare(console, path, captions, NameOf(path, state.Films), options, output, cancellationToken));
            output.Save(state);
        }

        string json = Path.ChangeExtension(options.Out, ".json");
        string sheet = Path.ChangeExtension(options.Out, ".frames.png");
        string newJson = options.Out + ".partial.json", newSheet = options.Out + ".partial.png";
        try
        {
            File.WriteAllText(newJson, WindowSidecar.Write(state.Films, options.Split));
            ContactSheet.Save(output.PartialPath, state.Films, newSheet);
            output.Finish((newJson, json), (newSheet, sheet));
        }
        finally
        {
            File.Delete(newJson);
            File.Delete(newSheet);
        }

        foreach (string line in Summary(options, state.Films, sheet)) console.WriteLine(line);
        foreach (string line in output.Damage.Summary(output.DamagePath)) console.WriteLine(line);
    }

    private static FilmEntry Prepare(
        IAnsiConsole console, string path, string? captionPath, string name, WindowOptions options, PreparedFile<State> output,
        CancellationToken cancellationToken)
    {
        var input = FilmInput.Open(console, path, captionPath, options, output.Damage, cancellationToken);
        int first = (int)(output.Stream.Position / WindowRecord.Size);
        FilmEntry film = new(name, Path.GetFileName(path), first, 0, -1, -1, 0, 0, input.Video is not null, input.Audio is not null);
        long expected = Math.Max(1, (long)((input.Duration?.TotalSeconds ?? 0) * Ffmpeg.FramesPerSecond * WindowRecord.Size));
        ProgressReport.Run(console, film.File, expected, progress =>
        {
            using FilmReader reader = new(input);
            using CancellationTokenRegistration stop = cancellationToken.Register(reader.Dispose);
            byte[] window = new byte[WindowRecord.Size];
            while (reader.Next(window))
            {
                if (first + film.Count == MostWindows)
                    throw new InvalidDataException($"{path}: more than {MostWindows} windows in all; divide the films over several files.");
                output.Stream.Write(window);
                film = film with
                {
                    Count = film.Count + 1,
                    FirstCaption = film.FirstCaption < 0 && reader.HasCaption ? film.Count : film.FirstCaption,
                    LastCaption = reader.HasCaption ? film.Count : film.LastCaption,
                    Captioned = film.Captioned + (reader.HasCaption ? 1 : 0),
                    Sounding = film.Sounding + (reader.HasSound ? 1 : 0),
                };
                if (film.Count % WindowsBetweenLooks != 0) continue;
                cancellationToken.ThrowIfCancellationRequested();
                progress((long)film.Count * WindowRecord.Size);
            }

            cancellationToken.ThrowIfCancellationRequested();
            foreach (string message in reader.Finish()) output.Damage.Add(path, $"before window {film.Count}", message.Trim());
        });
        if (film.Count == 0) throw new InvalidDataException($"{path}: the film is shorter than half a second, the length of a window.");
        return film;
    }

    private static string NameOf(string path, List<FilmEntry> films)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        int copy = 1;
        string unique = name;
        while (films.Any(film => film.Name == unique)) unique = string.Create(CultureInfo.InvariantCulture, $"{name}-{++copy}");
        return unique;
    }

    private static IEnumerable<string> Summary(WindowOptions options, List<FilmEntry> films, string sheet)
    {
        int count = films.Sum(film => film.Count);
        int heldOut = WindowSidecar.HeldOut(films, options.Split);
        CultureInfo culture = CultureInfo.InvariantCulture;
        yield return string.Create(culture,
            $"{options.Out}: {films.Count} films, {count:N0} windows, "
                + $"{TimeSpan.FromSeconds((double)count / Ffmpeg.FramesPerSecond):hh\\:mm\\:ss}");
        foreach (FilmEntry film in films)
            yield return string.Create(culture,
                $"  {film.Name}: {film.Count:N0} windows, {film.Captioned:N0} with a caption, {film.Sounding:N0} with sound");
        yield return string.Create(culture,
            $"  held out: {heldOut:N0} windows{(heldOut == 0 ? "; the films are too short or too few to hold any out" : "")}");
        yield return $"  frames: {sheet}";
    }

    /// <summary>The finished films. An interrupted film is decoded again from its start.</summary>
    internal sealed record State
    {
        public List<FilmEntry> Films { get; init; } = [];
    }
}

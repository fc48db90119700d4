using System.Globalization;
using System.IO.Hashing;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Writes the windows of many films into one file, with a JSON file that lists the films and a contact sheet of frames.</summary>
internal static class WindowPreparation
{
    private const int WindowsBetweenLooks = 64;
    private const int MostWindows = int.MaxValue / WindowRecord.Size; // More windows could not be loaded.
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(0.5);

    public static void Run(IAnsiConsole console, IAnsiConsole progressConsole, WindowOptions options, CancellationToken cancellationToken)
    {
        Ffmpeg.Find();
        InputList inputs = new(
            options.Inputs, WindowOptions.Endings, options.Out, SubtitleFile.Endings, keepsRepeats: options.Captions.Count > 0);
        foreach (string note in inputs.Notes) console.WriteLine(note);
        options = options with { Inputs = [.. inputs.Files.Select(file => file.Path)] };
        IReadOnlyList<(string Path, string? Captions)> films = options.Films;
        FileNames names = new(films.SelectMany(film => new[] { film.Path, film.Captions }).OfType<string>());
        InputFile[] files = [.. inputs.Files.Zip(films, (file, film) => file with
        {
            Name = names.Of(file.Path),
            Companion = film.Captions is null ? null : InputFile.Of(film.Captions, names.Of(film.Captions)),
        })];

        string json = Path.ChangeExtension(options.Out, ".json");
        string sheet = Path.ChangeExtension(options.Out, ".frames.png");
        WindowSidecar.RequireReplaceable(json);
        if (Directory.Exists(sheet)) throw new InvalidDataException($"{sheet}: this is a folder. Choose another --out.");
        PreparedJob job = new("windows", files, names, options.Content);
        using PreparedFile<FilmEntry> output = new(options.Out, job, options.Resume);
        if (output.DoneAgain is { } again) console.WriteLine(again);
        List<FilmEntry> entries = [.. output.Kept.Select(point => point.State).OfType<FilmEntry>()];
        ProgressReport.Run(progressConsole, files, progress =>
        {
            for (int i = output.Next; i < files.Length; i++)
            {
                progress.Begin(i);
                FilmEntry? entry = Read(files[i]);
                if (entry is not null) entries.Add(entry);
                output.Save();
            }

            // A film with an error in the middle is not in the output. One whose file ends early is, up to there.
            FilmEntry? Read(InputFile file)
            {
                long start = output.Stream.Position;
                DamageMark damage = output.Damage.Mark;
                try
                {
                    file.RequireContent();
                    (FilmEntry entry, InputFault? fault) =
                        Prepare(console, progress, file, NameOf(file.Path, entries), options, output, cancellationToken);
                    output.RecordDone(file, fault, entry);
                    return entry;
                }
                catch (Exception error) when (
                    InputFault.IsOne(error) || (error is InvalidOperationException && cancellationToken.IsCancellationRequested))
                {
                    // Ctrl-C closes the reader wherever it is. It reaches ffmpeg too, sometimes before this process: then ffmpeg fails, but
                    // not because of the film.
                    cancellationToken.WaitHandle.WaitOne(AfterFailure);
                    cancellationToken.ThrowIfCancellationRequested();
                    output.ReturnTo(start, damage);
                    output.RecordDone(file, InputFault.Of(file, error), state: null);
                    return null;
                }
            }
        });
        output.RequireAnyRead();

        string newJson = options.Out + ".partial.json", newSheet = options.Out + ".partial.png";
        try
        {
            File.WriteAllText(newJson, WindowSidecar.Write(entries, options.Split));
            ContactSheet.Save(output.Stream, entries, newSheet);
            output.Finish((newJson, json), (newSheet, sheet));
        }
        finally
        {
            File.Delete(newJson);
            File.Delete(newSheet);
        }

        foreach (string line in Summary(options, entries, sheet)) console.WriteLine(line);
        foreach (string line in output.Damage.Summary(output.DamagePath)) console.WriteLine(line);
        output.RequireAllRead();
    }

    private static (FilmEntry Film, InputFault? Fault) Prepare(
        IAnsiConsole console, ProgressReport progress, InputFile file, string name, WindowOptions options, PreparedFile<FilmEntry> output,
        CancellationToken cancellationToken)
    {
        string path = file.Path;
        var input = FilmInput.Open(console, path, file.Companion?.Path, options, output.Damage, cancellationToken);
        int first = (int)(output.Stream.Position / WindowRecord.Size);
        FilmEntry film = new(name, file.Name, first, 0, -1, -1, 0, 0, input.Video is not null, input.Audio is not null);
        InputFault? fault = null;
        long expected = Math.Max(1, (long)((input.Duration?.TotalSeconds ?? 0) * Ffmpeg.FramesPerSecond * WindowRecord.Size));
        using (FilmReader reader = new(input))
        using (cancellationToken.Register(reader.Dispose))
        {
            byte[] window = new byte[WindowRecord.Size];
            XxHash64 content = new();
            while (reader.Next(window))
            {
                if (first + film.Count == MostWindows)
                    throw new InvalidDataException($"{path}: more than {MostWindows} windows in all; divide the films over several files.");
                output.Stream.Write(window);
                content.Append(WindowRecord.Frame(window));
                content.Append(WindowRecord.Audio(window));
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
                progress.Show((long)film.Count * WindowRecord.Size, expected);
            }

            cancellationToken.ThrowIfCancellationRequested();
            film = film with { Content = Convert.ToHexStringLower(content.GetCurrentHash()), LeftOutWords = reader.LeftOutWords };
            if (reader.WordsAfterEnd is { Count: > 0 } after)
                output.Damage.Add(path, "captions", string.Create(CultureInfo.InvariantCulture,
                    $"{after.Count} words of the captions are after the end of the film (first at {after.First:c})"));
            IReadOnlyList<string> messages = reader.Finish();
            if (reader.EarlyEnd is { } end)
            {
                string reason = $"the file ends too early; ffmpeg says: {end}";
                if (film.Count == 0) throw new InvalidDataException($"{path}: {reason}");
                fault = new InputFault(string.Create(CultureInfo.InvariantCulture, $"from window {film.Count} on"), reason, MayPass: false);
            }

            foreach (string message in messages.Where(message => message.Trim() != reader.EarlyEnd))
                output.Damage.Add(path, $"before window {film.Count}", message.Trim());
        }

        if (film.Count == 0) throw new InvalidDataException($"{path}: the film is shorter than half a second, the length of a window.");
        return (film, fault);
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
        {
            string leftOut = film.LeftOutWords == 0 ? "" : string.Create(culture, $", {film.LeftOutWords:N0} words left out for space");
            yield return string.Create(culture,
                $"  {film.Name}: {film.Count:N0} windows, {film.Captioned:N0} with a caption, {film.Sounding:N0} with sound{leftOut}");
        }


        yield return string.Create(culture,
            $"  held out: {heldOut:N0} windows{(heldOut == 0 ? "; the films are too short or too few to hold any out" : "")}");
        yield return $"  frames: {sheet}";
    }
}

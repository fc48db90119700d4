using System.Globalization;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Runs over several films. In place of ffmpeg stands a script for which a film is a file of raw frames.</summary>
public sealed class PrepareFilmsTests : IDisposable
{
    private const string Assembly = "PrepareData.dll";

    /// <summary>
    /// A film named "broken" fails after its frames. One named "cut" ends early and has many other faults. One named "wait" says that it
    /// began and then takes for ever.
    /// </summary>
    private const string Script = """
        #!/bin/sh
        for word; do
            case "$word" in
                file:*) film="${word#file:}" ;;
                -map) decodes=1 ;;
            esac
        done
        if [ -z "$decodes" ]; then
            if grep -q "no film" "$film"; then echo "$film: Invalid data found when processing input" >&2; exit 1; fi
            printf 'Input #0, raw, from x:\n  Duration: 00:00:05.00, start: 0\n  Stream #0:0: Video: rawvideo\nNo output\n' >&2
            exit 1
        fi
        cat "$film"
        case "$film" in
            *cut*)
                echo "[matroska,webm @ 0x55e0c8a01234] File ended prematurely" >&2
                for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do echo "[h264 @ 0x55e0c8a05678] fault" >&2; done
                case "$film" in *fails*) exit 1 ;; esac ;;
            *broken*) echo "the data ends in the middle" >&2; exit 1 ;;
            *wait*) echo $$ > "$film.pid"; mv "$film.pid" "$film.began"; exec sleep 600 ;;
        esac
        """;

    private readonly TemporaryFolder _folder = new();

    public PrepareFilmsTests()
    {
        _folder.Make("tools");
        string program = _folder.Write("tools/ffmpeg", Script.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private Dictionary<string, string> Tools =>
        new() { ["PATH"] = _folder.PathOf("tools") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH") };

    private string Out => _folder.PathOf("out/clips.bin");

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void A_film_that_cannot_be_read_is_skipped_with_all_that_it_wrote()
    {
        string first = Film("first.mp4", 10), last = Film("last.ts", 12);
        string[] bad =
        [
            Film("broken.mp4", 11), _folder.Write("zero.mp4", ""), _folder.Write("noise.mp4", "no film"), _folder.PathOf("missing.mp4"),
            _folder.Write("pointer.mp4", "version https://git-lfs.github.com/spec/v1\nsize 1\n"), Film("short.mp4", 0, "x"),
        ];
        File.WriteAllText(_folder.PathOf("broken.srt"), "1\n00:00:02,000 --> 00:00:01,000\nreversed\n");
        (int exitCode, string output, string error) = Windows([first, .. bad, last]);
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: 6 of 8 files were not read: broken.mp4 (", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.Contains("22 windows", output, StringComparison.Ordinal);
        Assert.Equal([first, last], Films().Select(film => _folder.PathOf(film.File)));
        Assert.Equal([(0, 10), (10, 12)], Films().Select(film => (film.First, film.Count)));
        string[] entries = File.ReadAllLines(Out + ".damaged.jsonl");
        Assert.Equal(
            ["broken.mp4", "zero.mp4", "noise.mp4", "missing.mp4", "pointer.mp4", "short.mp4"],
            entries.Select(entry => JsonDocument.Parse(entry).RootElement.GetProperty("file").GetString()));
        Assert.All(entries, entry => Assert.Contains("the whole file", entry, StringComparison.Ordinal));
        Assert.Equal(22, WindowCorpus.Load([Out]).Count);

        Assert.Equal(0, Windows([first, last], _folder.PathOf("good/clips.bin")).ExitCode);
        Assert.Equal(File.ReadAllBytes(_folder.PathOf("good/clips.bin")), File.ReadAllBytes(Out));
    }

    /// <summary>Whether ffmpeg takes the end of the file for an error or not.</summary>
    [SkippableTheory]
    [InlineData("cut.mkv")]
    [InlineData("cut_fails.mkv")]
    public void A_film_whose_file_ends_early_keeps_its_windows_and_is_named_at_the_end(string name)
    {
        string cut = Film(name, 11), last = Film("last.mp4", 12);
        (int exitCode, string output, string error) = Windows([cut, last]);
        Assert.Equal(1, exitCode);
        const string reason = "the file ends too early; ffmpeg says: [matroska,webm] File ended prematurely";
        Assert.StartsWith($"error: 1 of 2 files were not read: {name} (from window 11 on: {reason}); the others are in ", error,
            StringComparison.Ordinal);
        Assert.Equal([(0, 11), (11, 12)], Films().Select(film => (film.First, film.Count)));
        Assert.Contains("20 records and 1 files", output, StringComparison.Ordinal);
        string[] entries = File.ReadAllLines(Out + ".damaged.jsonl");
        Assert.Equal(
            [.. Enumerable.Repeat("before window 11: [h264] fault", 20), $"from window 11 on: {reason}"],
            entries.Select(entry => JsonDocument.Parse(entry).RootElement)
                .Select(entry => $"{entry.GetProperty("place")}: {entry.GetProperty("reason")}"));

        (exitCode, _, error) = Windows([Film("cut.ts", 0, "x")], _folder.PathOf("none/clips.bin"));
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: cut.ts: the file ends too early", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Words_after_the_end_of_a_film_are_an_entry_and_words_without_space_are_counted()
    {
        string film = Film("film.mp4", 10);
        File.WriteAllText(_folder.PathOf("film.srt"),
            "1\n00:00:01,000 --> 00:00:01,400\ntwelve-bytes twelve-bytes two more\n\n"
                + "2\n00:00:04,000 --> 00:00:06,000\nlast half gone away\n\n3\n00:01:00,000 --> 00:01:01,000\nlate\n");
        (int exitCode, string output, string error) = Windows([film]);
        Assert.True(exitCode == 0, error);
        Assert.Contains("film: 10 windows, 3 with a caption, 0 with sound, 3 words left out for space", output, StringComparison.Ordinal);
        JsonElement entry = JsonDocument.Parse(Assert.Single(File.ReadAllLines(Out + ".damaged.jsonl"))).RootElement;
        Assert.Equal("captions", entry.GetProperty("place").GetString());
        Assert.Equal("3 words of the captions are after the end of the film (first at 00:00:05)", entry.GetProperty("reason").GetString());

        File.WriteAllText(_folder.PathOf("film.srt"), "1\n00:00:01,000 --> 00:00:04,900\nonly these words\n");
        (_, output, _) = Windows([film]);
        Assert.DoesNotContain("left out for space", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Out + ".damaged.jsonl"));
    }

    [SkippableTheory]
    [InlineData("clips.json", "{\"mine\":1}", "this file is no list of films")]
    [InlineData("clips.json", "[539]", "this file is no list of films")]
    [InlineData("clips.json", "no json", "this file is no list of films")]
    [InlineData("clips.json", "", "this file is no list of films")]
    [InlineData("clips.json", "{\"record\":540,\"films\":[]}", "this file is no list of films")]
    [InlineData("clips.json", "{\"record\":539}", "this file is no list of films")]
    [InlineData("clips.json", null, "this is a folder")]
    [InlineData("clips.frames.png", null, "this is a folder")]
    public void A_file_that_the_list_of_films_would_replace_is_refused_before_a_film_is_read(string name, string? content, string message)
    {
        _folder.Make("out");
        string path = _folder.PathOf("out/" + name);
        if (content is null) _folder.Make("out/" + name);
        else File.WriteAllText(path, content);
        string film = Film("wait.mp4", 10); // it would take for ever
        (int exitCode, _, string error) = Windows([film]);
        Assert.Equal(1, exitCode);
        Assert.StartsWith($"error: {path}: {message}", error, StringComparison.Ordinal);
        Assert.Contains("Choose another --out", error, StringComparison.Ordinal);
        if (content is not null) Assert.Equal(content, File.ReadAllText(path));
        Assert.Equal([name], new DirectoryInfo(_folder.PathOf("out")).GetFileSystemInfos().Select(entry => entry.Name));
    }

    [SkippableFact]
    public void The_list_of_films_of_an_earlier_run_is_replaced()
    {
        Assert.Equal(0, Windows([Film("a.mp4", 10)]).ExitCode);
        Assert.Equal(0, Windows([Film("b.mp4", 12)]).ExitCode);
        Assert.Equal([("b", 12)], Films().Select(film => (film.Name, film.Count)));
    }

    [SkippableFact]
    public void Where_no_film_can_be_read_there_is_no_output()
    {
        (int exitCode, _, string error) = Windows([Film("broken.mp4", 11), _folder.Write("noise.mp4", "no film")]);
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: None of the 2 files can be read. broken.mp4: ", error, StringComparison.Ordinal);
        Assert.Equal(["clips.bin.damaged.jsonl"], Directory.GetFiles(_folder.PathOf("out")).Select(Path.GetFileName));
    }

    [SkippableFact]
    public void Films_of_a_folder_are_told_apart_by_their_folders()
    {
        foreach (string folder in new[] { "season/1", "season/2" })
        {
            _folder.Make(folder);
            Film(folder + "/film.mp4", 8);
            File.WriteAllText(_folder.PathOf(folder + "/film.srt"), "1\n00:00:02,000 --> 00:00:01,000\nreversed\n");
        }

        _folder.Write("season/cover.jpg", "x");
        Skip.If(OperatingSystem.IsWindows(), "The script in place of ffmpeg needs a Unix shell.");
        (int exitCode, string output, string error) =
            SampleProcess.RunWith(Tools, Assembly, ["windows", _folder.PathOf("season"), "--out", Out]);
        Assert.True(exitCode == 0, error);
        Assert.Equal(["1/film.mp4", "2/film.mp4"], Films().Select(film => film.File));
        Assert.Equal(["film", "film-2"], Films().Select(film => film.Name));
        Assert.Equal(
            ["1/film.srt", "2/film.srt"],
            File.ReadAllLines(Out + ".damaged.jsonl").Select(
                entry => JsonDocument.Parse(entry).RootElement.GetProperty("file").GetString()));
        Assert.Contains("2 files are read; 1 with other endings are not: .jpg.", output, StringComparison.Ordinal);
        Assert.Contains("2/film.mp4  (2 of 2)  50%", error, StringComparison.Ordinal);
    }

    /// <summary>Each is divided in time. By its name alone, a film would be on both sides of the split.</summary>
    [SkippableFact]
    public void Films_of_one_name_in_two_window_files_are_two_recordings()
    {
        foreach (string folder in new[] { "x", "y" }) _folder.Make(folder);
        string[] outputs = [_folder.PathOf("x/clips.bin"), _folder.PathOf("y/clips.bin")];
        Assert.Equal(0, Windows([Film("x/film.mp4", 100)], outputs[0]).ExitCode);
        Assert.Equal(0, Windows([Film("y/film.mp4", 130)], outputs[1]).ExitCode);
        var corpus = WindowCorpus.Load(outputs);
        Assert.Equal(["film", "film.later", "film", "film.later"], corpus.Films.Select(film => film.Name));
        Assert.Equal(2, corpus.Films.Select(film => film.Group).Distinct().Count());
    }

    public static TheoryData<string, string, string> Changes => new()
    {
        { "a b", "a b c", "" },
        { "a b", "b a", "a.mp4 has another place in the list: b.mp4 is done now, and all after it" },
        { "a b", "a", "b.mp4 is no longer an input: what came from it is removed" },
        { "a b", "a b*", "b.mp4 changed since: it and all after it are done again" },
        { "a b", "a b+", "the captions of b.mp4 were none, are now 'b.srt': it and all after it are done again" },
        { "a broken c", "a broken c", "" },
        { "a broken c", "a c", "broken.mp4 is no longer an input: c.mp4 is done now, and all after it" },
        { "a missing c", "a missing* c", "missing.mp4 changed since: it and all after it are done again" },
    };

    /// <summary>A star means that the file is replaced before the run goes on, a plus that captions are put beside it.</summary>
    [SkippableTheory]
    [MemberData(nameof(Changes))]
    public void A_killed_run_goes_on_with_other_films(string before, string after, string said)
    {
        Skip.If(OperatingSystem.IsWindows(), "The script in place of ffmpeg needs a Unix shell.");
        foreach (string name in new[] { "a", "b", "c", "broken" }) Film(name + ".mp4", 70 + name[0]);
        using (var process = SampleProcess.StartWith(
            Tools, Assembly, ["windows", .. Paths(before), Film("wait.mp4", 200), "--out", Out]))
        {
            process.WaitUntil(() => File.Exists(_folder.PathOf("wait.mp4.began")));
            process.Kill();
        }

        foreach (string name in after.Split(' ').Where(name => name.EndsWith('*'))) Film(name.TrimEnd('*') + ".mp4", 75);
        foreach (string name in after.Split(' ').Where(name => name.EndsWith('+')))
            File.WriteAllText(_folder.PathOf(name.TrimEnd('+') + ".srt"), "1\n00:00:01,000 --> 00:00:03,000\nsome words\n");
        (int exitCode, string output, string error) = Windows([.. Paths(after), "--resume"]);
        if (said.Length > 0) Assert.Contains($"--resume: {said}.", output, StringComparison.Ordinal);
        else Assert.DoesNotContain("--resume", output, StringComparison.Ordinal);

        (int onceExitCode, _, string onceError) = Windows(Paths(after), _folder.PathOf("once/clips.bin"));
        Assert.Equal(onceExitCode, exitCode);
        Assert.Equal(onceError.Replace("/once/", "/out/", StringComparison.Ordinal), error);
        string[] names = [.. Directory.GetFiles(_folder.PathOf("once")).Select(file => Path.GetFileName(file)).Order()];
        Assert.Equal(names, Directory.GetFiles(_folder.PathOf("out")).Select(file => Path.GetFileName(file)).Order());
        foreach (string name in names)
            Assert.Equal(File.ReadAllBytes(_folder.PathOf("once/" + name)), File.ReadAllBytes(_folder.PathOf("out/" + name)));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ctrl_C_leaves_the_film_to_the_next_run_even_where_ffmpeg_dies_of_it_first(bool reachesChildFirst)
    {
        SampleProcess.SkipUnlessInterruptible();
        string[] films = [Film("a.mp4", 70), Film("wait.mp4", 200), Film("b.mp4", 90)];
        string began = _folder.PathOf("wait.mp4.began");
        using (var process = SampleProcess.StartWith(Tools, Assembly, ["windows", .. films, "--out", Out]))
        {
            process.WaitUntil(() => File.Exists(began));
            if (reachesChildFirst) process.InterruptAfter(int.Parse(File.ReadAllText(began), CultureInfo.InvariantCulture));
            else process.Interrupt();
            (int exitCode, _, string error) = process.Finish();
            Assert.Equal("Interrupted. The same command with --resume continues from here.\n", ProgressLines.Removed(error));
            Assert.Equal(130, exitCode);
        }

        _folder.Write("tools/ffmpeg", Script.Replace("*wait*", "*never*", StringComparison.Ordinal).ReplaceLineEndings("\n"));
        (int resumedExitCode, string output, string resumedError) = Windows([.. films, "--resume"]);
        Assert.True(resumedExitCode == 0, resumedError);
        Assert.Contains("360 windows", output, StringComparison.Ordinal);
    }

    private string[] Paths(string names) => [.. names.Split(' ').Select(name => _folder.PathOf(name.TrimEnd('*', '+') + ".mp4"))];

    private (int ExitCode, string Output, string Error) Windows(string[] films, string? output = null)
    {
        Skip.If(OperatingSystem.IsWindows(), "The script in place of ffmpeg needs a Unix shell.");
        (int exitCode, string shown, string error) = SampleProcess.RunWith(Tools, Assembly, ["windows", .. films, "--out", output ?? Out]);
        return (exitCode, shown, ProgressLines.Removed(error));
    }

    /// <summary>A film of so many windows.</summary>
    private string Film(string name, int windows, string rest = "") =>
        _folder.Write(name,
            [
                .. Enumerable.Range(0, windows * WindowRecord.FrameSize).Select(i => (byte)(i * windows % 251)),
                .. Encoding.UTF8.GetBytes(rest),
            ]);

    /// <summary>The films that the JSON file beside the windows names.</summary>
    private List<(string Name, string File, int First, int Count)> Films()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(Out, ".json")));
        JsonElement films = json.RootElement.GetProperty("films");
        return [.. films.EnumerateArray().GroupBy(part => part.GetProperty("group").GetString()!).Select(film =>
            (film.Key.Split(' ')[0], film.First().GetProperty("file").GetString()!, film.First().GetProperty("first").GetInt32(),
                film.Sum(part => part.GetProperty("count").GetInt32())))];
    }
}

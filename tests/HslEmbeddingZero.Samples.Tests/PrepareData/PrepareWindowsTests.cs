using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Tests on clips that ffmpeg and espeak-ng create.</summary>
public sealed class PrepareWindowsTests : IDisposable
{
    private const string Assembly = "PrepareData.dll";
    private const int Seconds = 24;
    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out/clips.bin");

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void A_clip_with_captions_becomes_windows_that_BpbTable_trains_on()
    {
        string film = Clip("film.mp4", hasVideo: true, hasAudio: true);
        File.WriteAllText(_folder.PathOf("film.srt"),
            "1\n00:00:00,000 --> 00:00:12,000\nSpeech that a test has made for itself\n\n2\n00:00:13,000 --> "
                + "00:00:12,000\nlost\n\n3\n00:00:12,000 --> 00:00:24,000\nand the rest of what it says to the end\n");
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "windows", film, "--out", Out);
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("48 windows", output, StringComparison.Ordinal);
        Assert.Contains("damaged and skipped: 1 records", output, StringComparison.Ordinal);
        Assert.Contains("film.srt, line 6", output, StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(_folder.PathOf("out/clips.frames.png"))[..4]);

        var windows = WindowCorpus.Load([Out]);
        Assert.Equal(48, windows.Count);
        Assert.Equal(["film", "film", "film.later", "film.later"], windows.Films.Select(part => part.Name));
        Assert.Equal((33, 3, 34, 4),
            (windows.TrainVideo.Count, windows.HeldOutVideo.Count, windows.TrainCaption.Count, windows.HeldOutCaption.Count));
        Assert.StartsWith("Speech", Caption(windows, 0), StringComparison.Ordinal);
        Assert.Equal("end", Caption(windows, 47).Split(' ')[^1]);
        Assert.Contains(Enumerable.Range(0, 48), i => WindowRecord.Audio(windows.Window(i)).ContainsAnyExcept((byte)128));
        Assert.False(WindowRecord.Frame(windows.Window(0)).SequenceEqual(WindowRecord.Frame(windows.Window(20)))); // it moves

        string text = _folder.PathOf("text.txt");
        string documents = string.Concat(
            Enumerable.Range(0, 800).Select(i => $$"""{"text":"Document {{i}} of a corpus\n\nthat a test makes."}{{"\n"}}"""));
        string jsonl = _folder.Write("text.jsonl", Encoding.UTF8.GetBytes(documents));
        Assert.Equal(0, SampleProcess.Run(Assembly, "text", jsonl, "--out", text).ExitCode);
        (exitCode, output, error) = SampleProcess.Run(
            "BpbTable.dll", "--preset", "smoke", "--device", "cpu", "--arms", "zero", "--steps", "3", "--text", text, "--windows", Out,
            "--precision", "float32", "--out", _folder.PathOf("table"));
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("| zero | 8 |", File.ReadAllText(_folder.PathOf("table/table.md")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Missing_streams_are_told_and_borne_where_something_is_left()
    {
        string silent = Clip("silent.mp4", hasVideo: true, hasAudio: false), heard = Clip("heard.wav", hasVideo: false, hasAudio: true);
        File.WriteAllText(_folder.PathOf("heard.vtt"), "WEBVTT\n\n00:00.000 --> 00:20.000\nonly words that are heard here\n");
        (int exitCode, string output, string error) =
            SampleProcess.Run(Assembly, "windows", silent, heard, "--out", Out, "--split", "film");
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("silent.mp4: no audio stream", output, StringComparison.Ordinal);
        Assert.Contains("heard.wav: no video stream", output, StringComparison.Ordinal);

        var windows = WindowCorpus.Load([Out]);
        Assert.Equal(["silent video train", "heard caption held-out"], windows.Films.Select(
            film => $"{film.Name} {(film.Use == FilmUse.Video ? "video" : "caption")} {(film.IsHeldOut ? "held-out" : "train")}"));
        Assert.True(WindowRecord.Audio(windows.Window(0)).IndexOfAnyExcept((byte)128) < 0);
        Assert.True(WindowRecord.Frame(windows.Window(windows.HeldOutCaption[0])).IndexOfAnyExcept((byte)0) < 0);

        File.Delete(_folder.PathOf("heard.vtt"));
        (exitCode, _, error) = SampleProcess.Run(Assembly, "windows", heard, "--out", Out);
        Assert.Equal(1, exitCode);
        Assert.Contains("no video stream and no captions", error, StringComparison.Ordinal);
        Assert.Equal(windows.Count, WindowCorpus.Load([Out]).Count); // the earlier file is unchanged
    }

    [SkippableTheory]
    [InlineData("film.mp4", "partial file")]
    [InlineData("film.mkv", "File ended prematurely")]
    public void A_film_that_is_cut_off_keeps_the_windows_before(string name, string message)
    {
        FfmpegTools.SkipWithout("ffmpeg");
        string film = _folder.PathOf(name);
        FfmpegTools.Call("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10:duration=12", "-f", "lavfi",
            "-i", "sine=440:r=8000:d=12", "-g", "5", "-c:a", "aac", "-movflags", "+faststart", film);
        byte[] whole = File.ReadAllBytes(film);
        File.WriteAllBytes(film, whole[..(whole.Length * 7 / 10)]);
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "windows", film, "--out", Out);
        Assert.Equal(1, exitCode);
        int count = WindowCorpus.Load([Out]).Count;
        Assert.InRange(count, 8, 22);
        Assert.Contains($"{name} (from window {count} on: the file ends too early", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("@ 0x", error + output + File.ReadAllText(Out + ".damaged.jsonl"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_file_that_is_no_film_is_refused_with_ffmpegs_own_message()
    {
        FfmpegTools.SkipWithout("ffmpeg", "espeak-ng");
        (int exitCode, _, string error) = SampleProcess.Run(Assembly, "windows", _folder.Write("noise.mp4", new byte[5000]), "--out", Out);
        Assert.Equal(1, exitCode);
        Assert.Contains("noise.mp4: ffmpeg cannot read it", error, StringComparison.Ordinal);
        Assert.Contains("Invalid data", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Rolling_captions_are_in_the_windows_where_they_are_spoken()
    {
        string film = Clip("clip.mp4", hasVideo: true, hasAudio: false);
        string captions = _folder.Write("rolling.vtt", Encoding.UTF8.GetBytes(SpokenCuesTests.Rolling));
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "windows", film, "--captions", captions, "--out", Out);
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("captions from rolling.vtt", output, StringComparison.Ordinal);
        Assert.DoesNotContain("damaged", output, StringComparison.Ordinal);
        var windows = WindowCorpus.Load([Out]);
        Assert.Equal(
            ["", "green", "apples", "fall", "slowly", "slowly", "under", "quiet", "quiet", "trees", "tonight", "tonight", "", ""],
            Enumerable.Range(0, 14).Select(window => Caption(windows, window)));
    }

    [Theory]
    [InlineData("--captions-encoding", "klingon", "there is no encoding 'klingon'")]
    [InlineData("--audio-stream", "-1", "takes whole numbers from 0")]
    [InlineData("--audio-stream", "first", "takes whole numbers from 0")]
    [InlineData("--captions", "none.srt", "there is no such file")]
    public void A_wrong_option_is_refused(string option, string value, string message)
    {
        (int exitCode, _, string error) =
            SampleProcess.Run(Assembly, "windows", _folder.Write("film.mp4", [1]), "--out", Out, option, value);
        Assert.Equal(1, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_ffmpeg_the_message_says_what_to_install()
    {
        string? path = Environment.GetEnvironmentVariable("PATH");
        try
        {
            Environment.SetEnvironmentVariable("PATH", _folder.PathOf("nothing-here"));
            Assert.Contains("apt-get install ffmpeg", Assert.Throws<FileNotFoundException>(Ffmpeg.Find).Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    }

    /// <summary>Killed after the first of two films. The second is decoded again.</summary>
    [SkippableFact]
    public void A_killed_run_goes_on_to_the_same_bytes()
    {
        string first = Clip("first.mp4", hasVideo: true, hasAudio: true), second = _folder.PathOf("second.mp4");
        FfmpegTools.Call("ffmpeg", "-v", "error", "-nostdin", "-stream_loop", "19", "-i", first, "-c", "copy", second); // long
        Assert.Equal(0, SampleProcess.Run(Assembly, "windows", first, second, "--out", Out).ExitCode);
        string cut = _folder.PathOf("cut/clips.bin");
        using (SampleProcess process = new(Assembly, "windows", first, second, "--out", cut))
        {
            process.WaitUntil(() => File.Exists(cut + ".progress.json"));
            process.Kill();
        }

        Assert.False(File.Exists(cut));
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "windows", first, second, "--out", cut, "--resume");
        Assert.True(exitCode == 0, error + output);
        Assert.DoesNotContain("first.mp4  ", output, StringComparison.Ordinal); // no progress for the finished film
        foreach (string name in new[] { "clips.bin", "clips.json", "clips.frames.png" })
            Assert.Equal(File.ReadAllBytes(_folder.PathOf("out/" + name)), File.ReadAllBytes(_folder.PathOf("cut/" + name)));
    }

    private static string Caption(WindowCorpus windows, int index) =>
        Encoding.UTF8.GetString(WindowRecord.Caption(windows.Window(index))).TrimEnd();

    private string Clip(string name, bool hasVideo, bool hasAudio)
    {
        FfmpegTools.SkipWithout("ffmpeg", "espeak-ng");
        string speech = _folder.PathOf("speech.wav"), path = _folder.PathOf(name);
        if (hasAudio)
            FfmpegTools.Call(
                "espeak-ng", "-w", speech, "Speech that a test has made for itself, and the rest of what it says to the end.");
        List<string> arguments = ["-v", "error", "-nostdin"];
        if (hasVideo) arguments.AddRange(["-f", "lavfi", "-i", $"testsrc2=size=64x36:rate=10:duration={Seconds}"]);
        if (hasAudio) arguments.AddRange(["-stream_loop", "-1", "-i", speech]);
        FfmpegTools.Call("ffmpeg", [.. arguments, "-t", $"{Seconds}", path]);
        return path;
    }
}

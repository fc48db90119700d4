using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Tests on small films that ffmpeg makes.</summary>
public sealed class FilmInputTests : IDisposable
{
    private const string Srt = "1\n00:00:00,000 --> 00:00:02,000\nwords of a file\n";
    private const string Angles = "1\n00:00:00,000 --> 00:00:02,000\nuse List<int> <i>here</i>\n";
    private const string Karaoke =
        "WEBVTT\n\n00:00:00.500 --> 00:00:03.000\n \ngreen<00:00:01.000><c> apples</c><00:00:02.300><c> fall</c>\n";

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _told = new();
    private readonly MemoryStream _log = new();

    public void Dispose()
    {
        _folder.Dispose();
        _told.Dispose();
        _log.Dispose();
    }

    [SkippableFact]
    public void The_default_audio_stream_is_read()
    {
        string film = Film("film.mp4", "-c:a", "aac", "-disposition:a:0", "comment", "-disposition:a:1", "default");
        Assert.Equal("audio stream 1 (aac)", Open(film).Audio!.Name);
        Assert.True(Sounds(Open(film)));
        Assert.Equal("audio stream 0 (aac)", Open(film, audio: 0).Audio!.Name);
        Assert.False(Sounds(Open(film, audio: 0)));
        Assert.Empty(Log());
    }

    [SkippableFact]
    public void The_first_audio_stream_that_decodes_is_read_where_the_default_one_does_not()
    {
        string film = Film("film.mkv", "-c:a", "aac", "-disposition:a:0", "default", "-disposition:a:1", "0");
        Patch(film, "A_AAC", "A_ZZZ");
        FilmInput input = Open(film);
        Assert.Equal("audio stream 1 (aac)", input.Audio!.Name);
        Assert.True(Sounds(input));
        Assert.StartsWith("film.mkv, audio stream 0 (none): it cannot be decoded", Assert.Single(Log()), StringComparison.Ordinal);
        Assert.Contains("cannot be decoded", Refused(() => Open(film, audio: 0)), StringComparison.Ordinal);

        Patch(film, "A_AAC", "A_ZZZ");
        Assert.Null(Open(film).Audio);
        Assert.Contains("no audio stream that can be decoded; its sound is silence", _told.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, Log().Distinct().Count(entry => entry.Contains("cannot be decoded", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public void An_audio_stream_that_is_not_there_is_refused_with_those_that_are()
    {
        string film = Film("film.mp4", "-c:a", "aac");
        string message = Refused(() => Open(film, audio: 2));
        Assert.Contains("--audio-stream 2: the film has 2 audio streams", message, StringComparison.Ordinal);
        Assert.Contains("audio stream 1 (aac)", message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("film.mp4", Angles, "srt", "mov_text", "use List here")] // ffmpeg drops it when it makes this stream
    [InlineData("film.mkv", Angles, "srt", "copy", "use List<int> here")]
    [InlineData("film.mkv", Srt, "srt", "ass", "words of a file")]
    [InlineData("film.mkv", Karaoke, "vtt", "copy", "green apples fall")]
    [InlineData("film.mkv", Karaoke, "vtt", "webvtt", "green apples fall")] // its text begins with an empty line
    [InlineData("film.mkv", Karaoke, "vtt", "srt", "green apples fall")]
    public void Subtitles_inside_a_film_are_read(string name, string text, string ending, string codec, string expected)
    {
        string film = Film(name, [_folder.Write($"text.{ending}", Encoding.UTF8.GetBytes(text))], "-map", "3", "-c:s", codec);
        FilmInput input = Open(film);
        Assert.Equal(expected, Text(input));
        Assert.Contains("captions from its subtitle stream 0", _told.ToString(), StringComparison.Ordinal);
        Assert.Empty(Log());

        Assert.Null(Open(film, captions: WindowOptions.NoCaptions).Captions);
        _folder.Write("film.srt", Encoding.UTF8.GetBytes(Srt));
        Assert.Equal("words of a file", Text(Open(film)));
    }

    [SkippableFact]
    public void Words_of_an_ASS_stream_are_read_without_drawings_and_remarks()
    {
        string ass = _folder.Write("a.ass", Encoding.UTF8.GetBytes(
            "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
                + "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
                + @"Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,{\p1}m 0 0 l 9 0{\p0}sign, {a note}{\i1}List<int>{\i0}\Nhere" + "\n"
                + @"Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,nothing" + "\n"
                + @"Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\k20}ka{\k30}ra" + "\n"));
        string film = Film("film.mkv", [ass], "-map", "3", "-c:s", "copy");
        Assert.Equal("sign, List<int> here kara", Text(Open(film)));
        Assert.Empty(Log());
    }

    [SkippableFact]
    public void Of_several_subtitle_streams_the_default_one_is_read()
    {
        string srt = _folder.Write("a.srt", Encoding.UTF8.GetBytes(Srt)), vtt = _folder.Write("b.vtt", Encoding.UTF8.GetBytes(Karaoke));
        string film = Film("film.mkv", [srt, vtt], "-map", "3", "-map", "4", "-c:s", "copy", "-disposition:s:1", "default");
        Assert.Equal(["green", "apples", "fall"], Captions(Open(film)));
    }

    [SkippableTheory]
    [InlineData("S_HDMV/PGS\0", "subtitle stream 0 (hdmv_pgs_subtitle): it holds pictures of text")]
    [InlineData("S_TEXT/ZZZZ", "subtitle stream 0 (none)")]
    public void Subtitles_that_cannot_be_read_are_named(string codec, string expected)
    {
        string film = Film("film.mkv", [_folder.Write("a.srt", Encoding.UTF8.GetBytes(Srt))], "-map", "3", "-c:s", "copy");
        Patch(film, "S_TEXT/UTF8", codec);
        Assert.Null(Open(film).Captions);
        Assert.Contains(expected, Assert.Single(Log()), StringComparison.Ordinal);
        Assert.Contains("no captions; subtitle stream 0", _told.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_stream_of_forced_subtitles_is_named_and_not_used()
    {
        string srt = _folder.Write("a.srt", Encoding.UTF8.GetBytes(Srt)), vtt = _folder.Write("b.vtt", Encoding.UTF8.GetBytes(Karaoke));
        string film = Film("film.mkv", [srt], "-map", "3", "-c:s", "copy", "-disposition:s:0", "default+forced");
        Assert.Null(Open(film).Captions);
        string entry = Assert.Single(Log());
        Assert.StartsWith("film.mkv, subtitle stream 0 (subrip): it is for foreign parts only", entry, StringComparison.Ordinal);
        Assert.EndsWith("--captions", entry, StringComparison.Ordinal);

        film = Film("film.mkv", [srt, vtt], "-map", "3", "-map", "4", "-c:s", "copy", "-disposition:s:0", "forced");
        Assert.Equal(["green", "apples", "fall"], Captions(Open(film)));
        Assert.Empty(Log());
    }

    [Theory]
    [InlineData("ffconcat version 1.0\nfile a.mp4\n")]
    [InlineData("#EXTM3U\na.mp4\n")]
    [InlineData("\uFEFF#EXTM3U8\na.mp4\n")]
    public void A_list_of_other_files_is_no_film(string text) => Assert.EndsWith(
        "film.mp4: this is a list of other files. Name those files as inputs instead.",
        Refused(() => Open(_folder.Write("film.mp4", Encoding.UTF8.GetBytes(text)))), StringComparison.Ordinal);

    [SkippableFact]
    public void Captions_beside_a_film_are_used_or_named_as_unused()
    {
        string film = Film("film.mp4", "-c:a", "aac");
        Open(film);
        Assert.Contains("film.mp4: no captions.", _told.ToString(), StringComparison.Ordinal);

        _folder.Write("film.en.srt", Encoding.UTF8.GetBytes(Srt));
        Assert.Equal("words of a file", Text(Open(film)));
        Assert.Contains("film.mp4: captions from film.en.srt.", _told.ToString(), StringComparison.Ordinal);
        Assert.Empty(Log());

        _folder.Write("film.ko.srt", Encoding.UTF8.GetBytes(Srt));
        Assert.Null(Open(film).Captions);
        const string unused = "not used: film.en.srt, film.ko.srt; choose a file with --captions";
        Assert.Contains(unused, _told.ToString(), StringComparison.Ordinal);
        Assert.Contains(unused, Assert.Single(Log()), StringComparison.Ordinal);
        Assert.Equal("words of a file", Text(Open(film, captions: _folder.PathOf("film.ko.srt"))));
    }

    [SkippableTheory]
    [InlineData("", "line 1: the file is empty")]
    [InlineData("\n\n", "line 1: the file has no cue")]
    [InlineData("no cue", "line 1: text outside a cue: 'no cue'")]
    public void A_subtitle_file_without_words_is_told_and_named(string text, string expected)
    {
        string film = Film("film.mp4", "-c:a", "aac");
        _folder.Write("film.srt", Encoding.UTF8.GetBytes(text));
        Open(film);
        Assert.Contains($"film.srt: no captions are read from it; {expected}", _told.ToString(), StringComparison.Ordinal);
        Assert.Equal($"film.srt, {expected}", Assert.Single(Log()));
    }

    [SkippableFact]
    public void Captions_of_a_named_encoding_are_read()
    {
        string film = Film("film.mp4", "-c:a", "aac");
        byte[] text = SubtitleText.EncodingNamed("euc-kr")!.GetBytes("1\n00:00:00,000 --> 00:00:02,000\n안녕하세요\n");
        _folder.Write("film.srt", text);
        Assert.Empty(Text(Open(film)));
        Assert.Contains("--captions-encoding", Assert.Single(Log()), StringComparison.Ordinal);
        Assert.Equal("안녕하세요", Text(Open(film, encoding: "euc-kr")));
    }

    [Fact]
    public void An_empty_file_and_a_git_LFS_pointer_are_no_films()
    {
        string message = Refused(() => Open(_folder.Write("film.mp4", [])));
        Assert.Contains("film.mp4: the file is empty (0 bytes)", message, StringComparison.Ordinal);
        byte[] pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n"u8.ToArray();
        Assert.Contains("git lfs pull", Refused(() => Open(_folder.Write("film.mp4", pointer))), StringComparison.Ordinal);
    }

    private static string Refused(Action action) => Assert.Throws<InvalidDataException>(action).Message;

    private static void Patch(string path, string from, string to)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(from));
        Assert.True(at >= 0, $"{from} is not in {path}");
        Encoding.ASCII.GetBytes(to).CopyTo(bytes, at);
        File.WriteAllBytes(path, bytes);
    }

    private static bool Sounds(FilmInput input)
    {
        using FilmReader reader = new(input);
        byte[] window = new byte[WindowRecord.Size];
        bool sounds = false;
        while (reader.Next(window)) sounds |= reader.HasSound;
        return sounds;
    }

    /// <summary>The captions of the windows, each once.</summary>
    private static string[] Captions(FilmInput input)
    {
        CaptionTrack.Reader reader = input.Captions!.Read();
        byte[] caption = new byte[WindowRecord.CaptionSize];
        List<string> captions = [];
        for (int i = 0; i < 8; i++)
            if (reader.Next(caption)) captions.Add(Encoding.UTF8.GetString(caption).TrimEnd());
        return [.. captions.Distinct()];
    }

    private static string Text(FilmInput input) => string.Join(' ', Captions(input));

    private string[] Log() =>
    [
        .. Encoding.UTF8.GetString(_log.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(entry => $"{entry.GetProperty("file")}, {entry.GetProperty("place")}: {entry.GetProperty("reason")}"),
    ];

    private FilmInput Open(string film, int? audio = null, string? captions = null, string? encoding = null)
    {
        _log.SetLength(0);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_told) });
        console.Profile.Width = 1000;
        WindowOptions options = new([film], captions is null ? [] : [captions], _folder.PathOf("clips.bin"), SplitRule.Time, Resume: false)
        {
            AudioStream = audio,
            CaptionsEncoding = encoding,
        };
        return FilmInput.Open(console, film, options.Films[0].Captions, options, new DamageLog(_log, 0), CancellationToken.None);
    }

    private string Film(string name, params string[] output) => Film(name, [], output);

    /// <summary>Makes a film of four seconds with a silent audio stream, then one that sounds.</summary>
    private string Film(string name, string[] inputs, params string[] output)
    {
        FfmpegTools.SkipWithout("ffmpeg");
        string path = _folder.PathOf(name);
        FfmpegTools.Call(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10:duration=4", "-f", "lavfi", "-i",
                "anullsrc=r=8000:cl=mono:d=4", "-f", "lavfi", "-i", "sine=440:r=8000:d=4",
                .. inputs.SelectMany(input => new[] { "-i", input }), "-map", "0", "-map", "1", "-map", "2", .. output, path,
            ]);
        return path;
    }
}

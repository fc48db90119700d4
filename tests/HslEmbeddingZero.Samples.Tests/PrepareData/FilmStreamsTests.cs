using HslEmbeddingZero.Samples.PrepareData;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class FilmStreamsTests
{
    private static readonly string[] Description =
    [
        "Input #0, matroska,webm, from 'film.mkv':",
        "  Metadata:",
        "    title           : Stream #0:9: Audio: aac (default)",
        "  Duration: 01:02:03.45, start: 0.000000, bitrate: 33 kb/s",
        "  Program 2",
        "  Stream #0:1[0x102](und): Audio: aac (LC) (mp4a / 0x6134706D), 8000 Hz, mono, fltp, 0 kb/s (comment)",
        "  Program 1",
        "  Stream #0:0[0x101]: Video: h264 (High), yuv420p(progressive), 64x36 [SAR 1:1 DAR 16:9], 10 fps, 1k tbn (default)",
        "    Metadata:",
        "      HANDLER_NAME    : VideoHandler",
        "  Stream #0:1[0x102](und): Audio: aac (LC) (mp4a / 0x6134706D), 8000 Hz, mono, fltp, 0 kb/s (comment)",
        "  Stream #0:2(eng): Audio: none, 8000 Hz, mono (default)",
        "  Stream #0:3(ger): Subtitle: subrip (default) (forced)",
        "  Stream #0:4: Subtitle: hdmv_pgs_subtitle, 1920x1080",
        "  Stream #0:5(eng): Subtitle: mov_text (tx3g / 0x67337874), 0 kb/s (default)",
        "  Stream #0:6: Video: png, rgb24(pc), 64x36, 90k tbr, 90k tbn (attached pic)",
        "  Stream #0:7: Attachment: ttf",
        "  Stream #0:8: Data: none",
        "At least one output file must be specified",
    ];

    private static string[] Names(StreamKind kind) => [.. FilmStreams.Parse(Description).Preferred(kind).Select(stream => stream.Name)];

    [Fact]
    public void The_streams_that_a_film_marks_as_default_come_first_and_forced_ones_last()
    {
        Assert.Equal(["video stream 0 (h264)"], Names(StreamKind.Video));
        Assert.Equal(["audio stream 1 (none, eng)", "audio stream 0 (aac)"], Names(StreamKind.Audio));
        Assert.Equal(
            ["subtitle stream 2 (mov_text, eng)", "subtitle stream 1 (hdmv_pgs_subtitle)", "subtitle stream 0 (subrip, ger)"],
            Names(StreamKind.Subtitle));
        Assert.Equal(new TimeSpan(1, 2, 3), FilmStreams.Parse(Description).Duration);
        Assert.Equal([4], FilmStreams.Parse(Description).All.Where(stream => stream.IsBitmap).Select(stream => stream.Index));
    }

    [Theory]
    [InlineData("  Stream #0:2(pt-BR): Audio: aac, 8000 Hz", "audio stream 0 (aac, pt-BR)")]
    [InlineData("  Stream #0:3[0x4](zh-Hans): Subtitle: subrip (default)", "subtitle stream 0 (subrip, zh-Hans)")]
    [InlineData("  Stream #0:4(en US;x): Video: h264", "video stream 0 (h264, en US;x)")]
    public void A_language_may_hold_any_signs(string line, string expected)
    {
        var streams = FilmStreams.Parse([line]);
        Assert.Equal([expected], streams.All.Select(stream => stream.Name));
        Assert.Empty(streams.NotUnderstood);
    }

    [Fact]
    public void A_stream_whose_description_is_not_understood_is_named()
    {
        const string line = "Stream #0:2((en)): Audio: aac, 8000 Hz";
        var streams = FilmStreams.Parse([.. Description, "  " + line, "  " + line]);
        Assert.Equal([line], streams.NotUnderstood);
        Assert.Empty(FilmStreams.Parse(Description).NotUnderstood);
    }

    [Fact]
    public void A_description_without_streams_gives_none()
    {
        var streams = FilmStreams.Parse(["Input #0, mp3, from 'x':", "  Duration: N/A, start: 0"]);
        Assert.Empty(streams.All);
        Assert.Null(streams.Duration);
    }
}

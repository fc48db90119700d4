using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class CaptionLookupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("film.srt", "film.srt", "")]
    [InlineData("film.VTT", "film.VTT", "")]
    [InlineData("film.srt film.vtt", "film.srt", "film.vtt")]
    [InlineData("film.srt film.en.srt", "film.srt", "film.en.srt")]
    [InlineData("film.en.srt", "film.en.srt", "")]
    [InlineData("film.pt-BR.vtt", "film.pt-BR.vtt", "")]
    [InlineData("film.zh-Hans.srt", "film.zh-Hans.srt", "")]
    [InlineData("film.en_US.SRT", "film.en_US.SRT", "")]
    [InlineData("film.en.sdh.srt", "film.en.sdh.srt", "")]
    [InlineData("film.en-orig.vtt", "film.en-orig.vtt", "")]
    [InlineData("film.en.srt film.en.vtt", "film.en.srt", "film.en.vtt")]
    [InlineData("film.en.srt film.en.forced.srt", "film.en.srt", "film.en.forced.srt")]
    [InlineData("film.en.forced.srt", null, "film.en.forced.srt")]
    [InlineData("film.en.srt film.ko.srt", null, "film.en.srt film.ko.srt")]
    [InlineData("film.part2.srt", null, "film.part2.srt")]
    [InlineData("film.two.srt film.two.mp4", null, "")] // it belongs to the other film
    [InlineData("film.en.vtt film.en.MKV", null, "")]
    [InlineData("film.two.en.srt film.two.mp4 film.en.srt", "film.en.srt", "")]
    [InlineData("film.srt film.mkv", "film.srt", "")]
    [InlineData("film.en.srt film.en.txt", "film.en.srt", "")]
    [InlineData("film2.srt film.txt film.en.txt other.en.srt srt .srt", null, "")]
    public void A_file_is_chosen_where_only_one_can_be_meant(string files, string? chosen, string unused)
    {
        foreach (string file in files.Split(' ')) _folder.Write(file, []);
        var lookup = CaptionLookup.Beside(_folder.Write("film.mp4", []));
        Assert.Equal(chosen, Path.GetFileName(lookup.Chosen));
        Assert.Equal(unused, string.Join(' ', lookup.Unused.Select(Path.GetFileName)));
    }

    [Fact]
    public void A_film_that_is_not_there_has_none() => Assert.Null(CaptionLookup.Beside(_folder.PathOf("no/folder/film.mp4")).Chosen);

    /// <summary>A resumed run compares these options by name, and the subtitle file of each film as it compares the films.</summary>
    [Fact]
    public void What_determines_the_windows_holds_the_captions_and_how_they_are_read()
    {
        string film = _folder.Write("film.mp4", [1]), other = _folder.Write("other.srt", []);
        WindowOptions options = new([film], [], _folder.PathOf("clips.bin"), SplitRule.Time, Resume: false);
        WindowOptions[] different =
        [
            options, options with { AudioStream = 1 }, options with { CaptionsEncoding = "euc-kr" },
            options with { Captions = [WindowOptions.NoCaptions] },
        ];
        Assert.Equal(different.Length, different.Select(one => string.Join(' ', one.Content)).Distinct().Count());
        Assert.Equal([(film, null)], options.Films);
        Assert.Equal([(film, other)], (options with { Captions = [other] }).Films);
        string beside = _folder.Write("film.en.srt", [1, 2]);
        Assert.Equal([(film, beside)], options.Films);
    }
}

using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class WindowCorpusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_embedded_corpus_holds_the_films_that_provenance_lists()
    {
        WindowCorpus corpus = EmbeddedCorpus.Windows;
        Assert.Equal(4498, corpus.Count);
        Assert.Equal("59e03d82fc666461e0975256abde421dc1a59930b41bed2cded51facceb01fd7", corpus.Files[0].Sha256);
        Assert.Equal("10030376ac21e90b33a2da06f365b5882264cb924c06b0774fb3a6b763200873", corpus.Files[0].SidecarSha256);
        Assert.Equal((2424422L, 4498), (corpus.Files[0].Bytes, corpus.Files[0].Windows));
        Assert.Equal(74, corpus.Films.Count);
        Assert.Equal((1203, 165), (Windows(FilmUse.Video, false), Windows(FilmUse.Video, true)));
        Assert.Equal((2633, 457), (Windows(FilmUse.Caption, false), Windows(FilmUse.Caption, true)));

        int Windows(FilmUse use, bool isHeldOut) =>
            corpus.Films.Where(film => film.Use == use && film.IsHeldOut == isHeldOut).Sum(film => film.Count);
    }

    [Fact]
    public void Captions_are_all_windows_and_video_is_the_pairs_within_a_film()
    {
        WindowCorpus corpus = EmbeddedCorpus.Windows;
        Assert.Equal(2633, corpus.TrainCaption.Count);
        Assert.Equal(457, corpus.HeldOutCaption.Count);
        Assert.Equal(1203 - 13, corpus.TrainVideo.Count);
        foreach (int index in corpus.TrainVideo.Concat(corpus.HeldOutVideo))
            Assert.Single(corpus.Films, film => film.First <= index && index + 1 < film.First + film.Count);
    }

    /// <summary>
    /// The film lavfi-life becomes periodic before its later part begins. All 30 windows of that part repeat training windows.
    /// </summary>
    [Fact]
    public void Held_out_windows_that_repeat_training_windows_are_left_out()
    {
        WindowCorpus corpus = EmbeddedCorpus.Windows;
        Assert.Equal(30, corpus.HeldOutRepeats);
        Assert.Equal(165 - 7 - 29, corpus.HeldOutVideo.Count);
        Film life = Assert.Single(corpus.Films, film => film.Name == "lavfi-life.later");
        Assert.DoesNotContain(corpus.HeldOutVideo, index => index >= life.First && index < life.First + life.Count);
    }

    [Fact]
    public void No_window_index_and_no_window_content_is_on_both_sides()
    {
        WindowCorpus corpus = EmbeddedCorpus.Windows;
        var train = corpus.TrainVideo.SelectMany(index => new[] { index, index + 1 }).Concat(corpus.TrainCaption).ToHashSet();
        var heldOut = corpus.HeldOutVideo.SelectMany(index => new[] { index, index + 1 }).Concat(corpus.HeldOutCaption).ToHashSet();
        Assert.Empty(train.Intersect(heldOut));
        Assert.Empty(train.Select(Content).ToHashSet().Intersect(heldOut.Select(Content)));

        string Content(int index) => Convert.ToBase64String(corpus.Window(index));
    }

    [Fact]
    public void Without_a_sidecar_a_file_is_one_film_divided_in_time()
    {
        byte[] bytes = TestWindows.Bytes(200);
        var corpus = WindowCorpus.Load([_folder.Write("film.bin", bytes)]);
        Assert.Equal(Enumerable.Range(0, 180), corpus.TrainCaption);
        Assert.Equal(Enumerable.Range(0, 179), corpus.TrainVideo);
        Assert.Equal(Enumerable.Range(190, 10), corpus.HeldOutCaption);
        Assert.Equal(Enumerable.Range(190, 9), corpus.HeldOutVideo);
        Assert.Null(corpus.Files[0].SidecarSha256);
        Assert.True(corpus.Window(199).SequenceEqual(bytes.AsSpan(199 * WindowRecord.Size, WindowRecord.Size)));
        Assert.Throws<ArgumentOutOfRangeException>(() => corpus.Window(200).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => corpus.Window(-1).Length);
    }

    [Fact]
    public void A_short_file_without_a_sidecar_has_a_smaller_gap()
    {
        var corpus = WindowCorpus.Load([_folder.Write("film.bin", TestWindows.Bytes(21))]);
        Assert.Equal(18, corpus.TrainCaption.Count);
        Assert.Equal([19, 20], corpus.HeldOutCaption);
        Assert.Equal([19], corpus.HeldOutVideo);
    }

    [Fact]
    public void The_indices_of_a_second_file_follow_those_of_the_first()
    {
        byte[] second = TestWindows.Bytes(30);
        second[5] = 77;
        var corpus = WindowCorpus.Load([EmbeddedCorpus.PathOf("windows.bin"), _folder.Write("windows.bin", second)]);
        Assert.Equal(4528, corpus.Count);
        Assert.Equal(77, corpus.Window(4498)[5]);
        Assert.Contains(corpus.Films, film => film is { Name: "windows", First: 4498, Count: 27, File: 1, IsHeldOut: false });
        Assert.Contains(4498, corpus.TrainCaption);
    }

    [Fact]
    public void A_window_may_serve_as_video_and_as_caption_on_one_side()
    {
        WindowCorpus corpus = Load(40, Film("a", 0, 20), Film("a", 0, 20, modality: "caption"), Film("b", 20, 20, split: "held-out"));
        Assert.Equal(19, corpus.TrainVideo.Count);
        Assert.Equal(20, corpus.TrainCaption.Count);
    }

    [Fact]
    public void A_later_part_after_a_gap_is_accepted()
    {
        WindowCorpus corpus = Load(100, Film("a", 0, 50), Film("a.later", 60, 40, split: "held-out", group: "a"));
        Assert.Equal(39, corpus.HeldOutVideo.Count);
    }

    [Fact]
    public void A_film_of_one_window_has_no_pair() =>
        Assert.Empty(Load(2, Film("a", 0, 1), Film("b", 1, 1, split: "held-out")).TrainVideo);

    [Fact]
    public void Captions_may_end_before_their_film()
    {
        WindowCorpus corpus = Load(100, Film("a", 0, 50), Film("a", 5, 20, modality: "caption"),
            Film("a.later", 60, 40, split: "held-out", group: "a"));
        Assert.Equal(20, corpus.TrainCaption.Count);
        Assert.Equal(39, corpus.HeldOutVideo.Count);
    }

    [Fact]
    public void A_later_part_too_close_is_refused() =>
        AssertRefused(100, "9 windows after it", Film("a", 0, 50), Film("a.later", 59, 40, split: "held-out", group: "a"));

    [Fact]
    public void An_earlier_part_is_refused() =>
        AssertRefused(100, "both sides", Film("a", 60, 40), Film("a.later", 0, 40, split: "held-out", group: "a"));

    [Fact]
    public void Another_view_of_a_training_film_is_refused() => AssertRefused(
        100,
        "group 'a' is on both sides",
        Film("a.full", 0, 20, group: "a"),
        Film("b", 20, 40),
        Film("a.left", 60, 20, split: "held-out", group: "a"));

    [Fact]
    public void A_later_part_beyond_another_film_is_refused() => AssertRefused(
        100, "no film between", Film("a", 0, 20), Film("b", 20, 40), Film("a.later", 60, 20, split: "held-out", group: "a"));

    [Fact]
    public void A_group_in_two_files_may_not_be_divided()
    {
        string first = Prepare("first", 40, Film("a", 0, 40));
        string second = Prepare("second", 50, Film("a.later", 10, 40, split: "held-out", group: "a"));
        CorpusException refusal = Assert.Throws<CorpusException>(() => WindowCorpus.Load([first, second]));
        Assert.Contains("both sides", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Overlapping_films_of_both_sides_are_refused() => AssertRefused(
        40, "films 'a' and 'b' share 1 windows", Film("a", 0, 20), Film("b", 19, 20, modality: "caption", split: "held-out"));

    [Fact]
    public void Overlapping_films_of_one_modality_are_refused() =>
        AssertRefused(40, "share 20 windows", Film("a", 0, 40), Film("b", 10, 20));

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(0, 0)]
    [InlineData(0, 41)]
    [InlineData(40, 1)]
    [InlineData(2, int.MaxValue)]
    public void A_film_out_of_range_is_refused(int first, int count) =>
        AssertRefused(40, $"film 'a' has first {first} and count {count}; its windows must lie within 0 to 39", Film("a", first, count));

    [Fact]
    public void An_unknown_modality_is_refused() => AssertRefused(40, "has modality 'text'", Film("a", 0, 40, modality: "text"));

    [Fact]
    public void An_unknown_split_is_refused() => AssertRefused(40, "has split 'test'", Film("a", 0, 40, split: "test"));

    [Theory]
    [InlineData("{\"films\":[{\"name\":\"a\",\"modality\":\"video\",\"split\":\"train\",\"count\":40}]}",
        "film number 0 ('a') lacks a field")]
    [InlineData("{\"films\":[null]}", "film number 0 ('') lacks a field")]
    [InlineData("{\"films\":[]}", "must list at least 1")]
    [InlineData("{}", "must list at least 1")]
    [InlineData("null", "must list at least 1")]
    [InlineData("[1]", "not the JSON expected")]
    [InlineData("{\"films\":[{\"first\":99999999999}]}", "not the JSON expected")]
    [InlineData("{\"films\":", "not the JSON expected")]
    [InlineData("{\"films\":[],\"films\":[]}", "Duplicate property")]
    public void A_defective_sidecar_is_refused(string json, string expected)
    {
        string path = _folder.Write("film.bin", TestWindows.Bytes(40));
        string sidecar = _folder.Write("film.json", json);
        CorpusException refusal = Assert.Throws<CorpusException>(() => WindowCorpus.Load([path]));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(sidecar, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The size is checked before parsing, as a parsed film takes many times the memory of its text.</summary>
    [Fact]
    public void A_sidecar_too_long_to_be_one_is_refused()
    {
        string path = _folder.Write("film.bin", TestWindows.Bytes(40));
        _folder.Write("film.json", new byte[(16 << 20) + 1]);
        Assert.Contains("16777217 bytes of JSON; at most 16777216",
            Assert.Throws<CorpusException>(() => WindowCorpus.Load([path])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(256, 254)]
    [InlineData(513, 254)]
    [InlineData(538, 255)]
    public void A_separator_out_of_place_is_named(int offset, int expected)
    {
        byte[] bytes = TestWindows.Bytes(40);
        bytes[(7 * WindowRecord.Size) + offset] = 3;
        string path = _folder.Write("film.bin", bytes);
        CorpusException refusal = Assert.Throws<CorpusException>(() => WindowCorpus.Load([path]));
        Assert.Equal($"{path}: record 7 has 3 at its offset {offset}; a window has {expected} there.", refusal.Message);
    }

    [Fact]
    public void A_payload_may_hold_the_separators()
    {
        byte[] bytes = TestWindows.Bytes(40);
        bytes.AsSpan(WindowRecord.FrameOffset, WindowRecord.FrameSize).Fill(WindowRecord.FieldSeparator);
        bytes.AsSpan(WindowRecord.CaptionOffset, WindowRecord.CaptionSize).Fill(WindowRecord.RecordEnd);
        Assert.Equal(40, WindowCorpus.Load([_folder.Write("film.bin", bytes)]).Count);
    }

    [Fact]
    public void A_length_that_is_no_multiple_is_refused()
    {
        string path = _folder.Write("film.bin", TestWindows.Bytes(40)[..^1]);
        CorpusException refusal = Assert.Throws<CorpusException>(() => WindowCorpus.Load([path]));
        Assert.Contains($"{path}: 21559 bytes are 39 windows of 539 bytes and 538 bytes more", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_windows_to_divide_are_refused()
    {
        string path = _folder.Write("film.bin", TestWindows.Bytes(20));
        CorpusException refusal = Assert.Throws<CorpusException>(() => WindowCorpus.Load([path]));
        Assert.Contains("20 windows and no sidecar that divides them; at least 21", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_empty_and_repeated_files_are_refused()
    {
        string film = _folder.Write("film.bin", TestWindows.Bytes(40));
        Assert.Throws<CorpusException>(() => WindowCorpus.Load([_folder.PathOf("absent.bin")]));
        Assert.Throws<CorpusException>(() => WindowCorpus.Load([_folder.Write("empty.bin", "")]));
        Assert.Throws<CorpusException>(() => WindowCorpus.Load([film, film]));
        Assert.Throws<ArgumentException>(() => WindowCorpus.Load([]));
    }

    private static string Film(string name, int first, int count, string modality = "video", string split = "train",
        string? group = null) =>
        $$"""
        {"name":"{{name}}","modality":"{{modality}}","split":"{{split}}","first":{{first}},"count":{{count}},
         "group":"{{group ?? name}}","unknown":[1]}
        """;

    private string Prepare(string name, int windows, params string[] films)
    {
        _folder.Write(name + ".json", $$$"""{"films":[{{{string.Join(",", films)}}}],"unknown":{}}""");
        return _folder.Write(name + ".bin", TestWindows.Bytes(windows));
    }

    private WindowCorpus Load(int windows, params string[] films) => WindowCorpus.Load([Prepare("film", windows, films)]);

    private void AssertRefused(int windows, string expected, params string[] films) =>
        Assert.Contains(expected, Assert.Throws<CorpusException>(() => Load(windows, films)).Message, StringComparison.Ordinal);
}

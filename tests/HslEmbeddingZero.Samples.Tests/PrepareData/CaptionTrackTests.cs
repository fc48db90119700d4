using HslEmbeddingZero.Samples.PrepareData;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class CaptionTrackTests
{
    private static string[] Captions(int windows, params (double Start, double End, string Text)[] cues) =>
        Subtitles.Windows(
            windows, cues.Select(cue => new Cue(TimeSpan.FromSeconds(cue.Start), TimeSpan.FromSeconds(cue.End), cue.Text)));

    [Fact]
    public void Words_share_the_time_by_their_length() =>
        Assert.Equal(["aaa bbb", "ccc ddd", ""], Captions(3, (0, 1, "aaa bbb ccc ddd")));

    [Fact]
    public void A_word_with_a_time_of_its_own_stands_where_it_begins()
    {
        Cue cue = new(TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(1.6), "word");
        Assert.Equal(["word", "word", "word", ""], Subtitles.Windows(4, [cue with { StartsExactly = true }]));
        Assert.Equal(["", "word", "word", ""], Subtitles.Windows(4, [cue with { Start = TimeSpan.FromSeconds(0.45) }]));
    }

    [Fact]
    public void A_long_word_stands_in_every_window_it_is_spoken_in() =>
        Assert.Equal(["", "long", "long", "long", "x", ""], Captions(6, (0.5, 2.1, "long"), (2.1, 2.4, "x")));

    [Fact]
    public void No_more_words_than_fit_and_none_out_of_order() =>
        Assert.Equal(["twelve-bytes", ""], Captions(2, (0, 0.5, "twelve-bytes twelve-bytes a")));

    [Fact]
    public void Overlapping_cues_follow_one_another() =>
        Assert.Equal(["a b c d"], Captions(1, (0, 0.5, "a b"), (0, 0.5, "c d")));

    [Fact]
    public void A_script_without_spaces_is_divided_between_characters()
    {
        string[] captions = Captions(2, (0, 1, string.Concat(Enumerable.Repeat("안", 16))));
        Assert.Equal([new string('안', 8), new string('안', 8)], captions);
        Assert.Equal([string.Concat(Enumerable.Repeat("🙂", 6)), "🙂"], Captions(2, (0, 0.8, string.Concat(Enumerable.Repeat("🙂", 7)))));
    }

    [Fact]
    public void A_cue_far_away_costs_nothing() => Assert.Equal(["", ""], Captions(2, (3.6e9, 3.6e9 + 1, "late")));
}

using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class CaptionTrackTests
{
    private static string[] Captions(int windows, params (double Start, double End, string Text)[] cues)
    {
        CaptionTrack.Reader reader =
            new CaptionTrack(cues.Select(cue => new Cue(TimeSpan.FromSeconds(cue.Start), TimeSpan.FromSeconds(cue.End), cue.Text)))
            .Read();
        string[] captions = new string[windows];
        byte[] bytes = new byte[WindowRecord.CaptionSize];
        for (int i = 0; i < windows; i++)
        {
            bool isSaid = reader.Next(bytes);
            captions[i] = Encoding.UTF8.GetString(bytes).TrimEnd(' ');
            Assert.Equal(captions[i].Length > 0, isSaid);
        }

        return captions;
    }

    [Fact]
    public void Words_share_the_time_by_their_length() =>
        Assert.Equal(["aaa bbb", "ccc ddd", ""], Captions(3, (0, 1, "aaa bbb ccc ddd")));

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

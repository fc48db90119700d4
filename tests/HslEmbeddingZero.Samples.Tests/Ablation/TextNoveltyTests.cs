using System.Text;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class TextNoveltyTests
{
    /// <summary>The training documents hold the five bytes a chosen number of times. The held-out text is tested for them.</summary>
    [Fact]
    public void Bytes_are_told_apart_by_how_often_training_showed_them()
    {
        HeldOutSamples heldOut = HeldOut();
        short[] window = [.. heldOut.Context(0), .. heldOut.Target(0)];
        int at = heldOut.Shape.ContextLength + 7;
        string five = string.Concat(window[(at - 4)..(at + 1)].Select(id => (char)id));
        Assert.Equal(4, KindOf(Enumerable.Repeat(five, 100)));
        Assert.Equal(3, KindOf(Enumerable.Repeat(five, 99)));
        Assert.Equal(3, KindOf(Enumerable.Repeat(five, 10)));
        Assert.Equal(2, KindOf(Enumerable.Repeat(five, 9)));
        Assert.Equal(2, KindOf([five]));
        Assert.Equal(1, KindOf([five[..4]]));
        Assert.Equal(0, KindOf([five[..3], five[4..]]));
        Assert.Equal(0, KindOf(["none of it"]));

        int KindOf(IEnumerable<string> train)
        {
            TextNovelty novelty = new(Ids(train), heldOut);
            double[] bits = new double[heldOut.Targets.Length];
            bits[7] = 8;
            IReadOnlyList<NoveltyScore> scores = novelty.Score(bits);
            Assert.Equal(bits.Length, scores.Sum(kind => kind.Bytes));
            NoveltyScore score = Assert.Single(scores, kind => kind.BitsPerByte > 0);
            Assert.Equal(8.0 / score.Bytes, score.BitsPerByte, 1e-12);
            return scores.Index().Single(kind => kind.Item == score).Index;
        }
    }

    /// <summary>Ids are read 2^20 at a time, and the five bytes may cross two reads.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Nothing_is_lost_between_two_reads_or_counted_twice(int before)
    {
        HeldOutSamples heldOut = HeldOut();
        short[] window = [.. heldOut.Context(0), .. heldOut.Target(0)];
        string five = string.Concat(window[(heldOut.Shape.ContextLength + 3)..(heldOut.Shape.ContextLength + 8)].Select(id => (char)id));
        string filler = new('x', (1 << 20) - before);
        double[] bits = new double[heldOut.Targets.Length];
        bits[7] = 8;
        IReadOnlyList<NoveltyScore> scores = new TextNovelty(Ids([filler + five + new string('x', 100)]), heldOut).Score(bits);
        Assert.Equal(2, scores.Index().Single(kind => kind.Item.BitsPerByte > 0).Index);
    }

    [Fact]
    public void Scores_of_another_set_are_refused() => Assert.Contains(
        "3 scores", Assert.Throws<ArgumentException>(() => new TextNovelty(Ids(["x"]), HeldOut()).Score([1, 2, 3])).Message,
        StringComparison.Ordinal);

    /// <summary>
    /// Training ids of some documents. Each document occurs twice. Every second one is held out, then dropped as a repetition.
    /// </summary>
    private static TextIds Ids(IEnumerable<string> documents) => TextCorpus.FromBytes(
        Encoding.Latin1.GetBytes(
            string.Concat(documents.SelectMany(document => new[] { document, document }).Select(document => document + "\n\n"))),
        heldOutShare: 0.5).Train;

    private static HeldOutSamples HeldOut()
    {
        byte[] content = new byte[200_000];
        new Random(7).NextBytes(content);
        content.AsSpan().Replace((byte)'\n', (byte)'n');
        return new TextSource(TextCorpus.FromBytes(content), heldOutSamples: 2).HeldOut!;
    }
}

using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class TextNoveltyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>One document that holds the five bytes as often as wanted is trained on; what is held out is asked for them.</summary>
    [Fact]
    public void Bytes_are_told_apart_by_how_often_training_showed_them()
    {
        HeldOutText heldOut = HeldOut();
        SampleShape shape = SampleShape.Of(Modality.Text);
        short[] window = [.. heldOut.Contexts[..shape.ContextLength], .. heldOut.Targets[..shape.TargetLength]];
        int at = shape.ContextLength + 7;
        short[] five = window[(at - 4)..(at + 1)];
        Assert.Equal(4, KindOf([.. Repeated(five, 100)]));
        Assert.Equal(3, KindOf([.. Repeated(five, 99)]));
        Assert.Equal(3, KindOf([.. Repeated(five, 10)]));
        Assert.Equal(2, KindOf([.. Repeated(five, 9)]));
        Assert.Equal(2, KindOf([.. five]));
        Assert.Equal(1, KindOf([.. five[..4], 256]));
        Assert.Equal(0, KindOf([.. five[..3], 256, five[4]]));
        Assert.Equal(0, KindOf([]));

        int KindOf(short[] train)
        {
            TextNovelty novelty = new(train, heldOut);
            double[] bits = new double[heldOut.Targets.Length];
            bits[7] = 8;
            IReadOnlyList<NoveltyScore> scores = novelty.Score(bits);
            Assert.Equal(bits.Length, scores.Sum(kind => kind.Bytes));
            NoveltyScore score = Assert.Single(scores, kind => kind.BitsPerByte > 0);
            Assert.Equal(8.0 / score.Bytes, score.BitsPerByte, 1e-12);
            return scores.Index().Single(kind => kind.Item == score).Index;
        }
    }

    [Fact]
    public void Scores_of_another_set_are_refused() =>
        Assert.Contains("3 scores", Assert.Throws<ArgumentException>(() => new TextNovelty([], HeldOut()).Score([1, 2, 3])).Message, StringComparison.Ordinal);

    private static IEnumerable<short> Repeated(short[] ids, int times) => Enumerable.Range(0, times).SelectMany(_ => ids.Append((short)256));

    private HeldOutText HeldOut()
    {
        byte[] content = new byte[200_000];
        new Random(7).NextBytes(content);
        content.AsSpan().Replace((byte)'\n', (byte)'n');
        TextCorpus corpus = TextCorpus.Load([_folder.Write("text.bin", content)]);
        return HeldOutSet.Create(corpus, null, new HeldOutOptions(TextWindows: 2)).Text!;
    }
}

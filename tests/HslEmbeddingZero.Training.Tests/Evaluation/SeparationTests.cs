using HslEmbeddingZero.Training.Tests.Data;

namespace HslEmbeddingZero.Training.Tests.Evaluation;

/// <summary>
/// Scored samples are never trained on. The tests compare content, not index lists: no held-out bytes are drawn.
/// </summary>
public sealed class SeparationTests
{
    private const int MicroBatches = 900;

    [Fact]
    public void No_window_that_is_scored_is_ever_drawn()
    {
        VideoSource video = new(EmbeddedCorpus.Windows, heldOutSamples: int.MaxValue);
        CaptionSource caption = new(EmbeddedCorpus.Windows);
        HashSet<string> scored = [];
        for (int i = 0; i < video.HeldOut!.Count; i++)
        {
            scored.Add(Ids.Key(video.HeldOut.Context(i)));
            scored.Add(Ids.Key(video.HeldOut.Target(i)));
        }

        for (int i = 0; i < caption.HeldOut!.Count; i++)
            scored.Add(Ids.Key([.. caption.HeldOut.Context(i), .. caption.HeldOut.Target(i)]));
        Assert.True(scored.Count > 500);

        BatchSampler sampler = new([video, caption], 16, 0);
        HashSet<string> drawn = [];
        for (long microBatch = 0; microBatch < MicroBatches; microBatch++)
        {
            (short[] context, short[] targets) = BatchSamplerTests.Fill(sampler, microBatch);
            for (int row = 0; row < 16; row++)
                if (BatchSamplerTests.SourceOf(sampler, microBatch) == caption)
                {
                    SampleShape shape = caption.Shape;
                    drawn.Add(Ids.Key([.. Row(context, row, shape.ContextLength), .. Row(targets, row, shape.TargetLength)]));
                }
                else
                {
                    drawn.Add(Ids.Key(Row(context, row, video.Shape.ContextLength)));
                    drawn.Add(Ids.Key(Row(targets, row, video.Shape.TargetLength)));
                }
        }

        Assert.True(drawn.Count > 3000); // nearly all possible samples
        Assert.Empty(drawn.Intersect(scored));

        static ReadOnlySpan<short> Row(short[] ids, int row, int length) => ids.AsSpan(row * length, length);
    }

    /// <summary>
    /// The 64 ids in the middle of every scored text occur in no drawn sample, unless the corpus itself repeats them.
    /// </summary>
    [Fact]
    public void No_text_that_is_scored_is_ever_drawn()
    {
        const int piece = 64;
        TextCorpus corpus = EmbeddedCorpus.Text;
        short[] train = corpus.Train.ToArray();
        TextSource source = new(corpus);
        HeldOutSamples samples = source.HeldOut!;

        // Held-out ids and training ids are disjoint parts of the files, so their total never exceeds the size of the files.
        long held = corpus.Inputs.Select((_, i) => corpus.HeldOut(i).Length).Sum();
        Assert.True(train.Length + held <= corpus.Inputs.Sum(input => input.Bytes + input.Documents));

        HashSet<UInt128> trained = [];
        for (int at = 0; at + piece <= train.Length; at++) trained.Add(Ids.Digest(train.AsSpan(at, piece)));
        int repeated = 0;
        for (int sample = 0; sample < samples.Count; sample++)
            if (trained.Contains(Ids.Digest(samples.Target(sample).Slice(96, piece)))) repeated++;
        Assert.InRange(repeated, 0, samples.Count / 50);

        BatchSampler sampler = new([source], 16, 0);
        for (long microBatch = 0; microBatch < 100; microBatch++)
        {
            (short[] context, short[] targets) = BatchSamplerTests.Fill(sampler, microBatch);
            for (int row = 0; row < 16; row++)
            {
                Assert.Contains(Ids.Digest(context.AsSpan(row * source.Shape.ContextLength, piece)), trained);
                Assert.Contains(Ids.Digest(targets.AsSpan(((row + 1) * source.Shape.TargetLength) - piece, piece)), trained);
            }
        }
    }
}

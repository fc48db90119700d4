using System.Runtime.InteropServices;
using HslEmbeddingZero.Training.Tests.Data;

namespace HslEmbeddingZero.Training.Tests.Evaluation;

/// <summary>What is scored is never what was trained on, told by content: whatever the index lists say, no held-out bytes are drawn.</summary>
public sealed class SeparationTests
{
    private const int MicroBatches = 900;

    [Fact]
    public void No_window_that_is_scored_is_ever_drawn()
    {
        var set = HeldOutSet.Create(null, EmbeddedCorpus.Windows, new(1, int.MaxValue, int.MaxValue));
        HashSet<string> scored = [];
        for (var i = 0; i < set.Video!.Count; i++)
        {
            scored.Add(Key(set.Video.Contexts.AsSpan(i * 539, 539)));
            scored.Add(Key(set.Video.Targets.AsSpan(i * 539, 539)));
        }

        for (var i = 0; i < set.Caption!.Count; i++)
            scored.Add(Key([.. set.Caption.Contexts.AsSpan(i * 514, 514), .. set.Caption.Targets.AsSpan(i * 25, 25)]));
        Assert.True(scored.Count > 500);

        BatchSampler sampler = new(null, EmbeddedCorpus.Windows, new(0, 1, 1), 16, 0);
        HashSet<string> drawn = [];
        for (long microBatch = 0; microBatch < MicroBatches; microBatch++)
        {
            var (context, targets) = BatchSamplerTests.Fill(sampler, microBatch);
            for (var row = 0; row < 16; row++)
                if (sampler.ModalityAt(microBatch) == Modality.Caption)
                {
                    drawn.Add(Key([.. context.AsSpan(row * 514, 514), .. targets.AsSpan(row * 25, 25)]));
                }
                else
                {
                    drawn.Add(Key(context.AsSpan(row * 539, 539)));
                    drawn.Add(Key(targets.AsSpan(row * 539, 539)));
                }
        }

        Assert.True(drawn.Count > 3000); // nearly all that can be drawn
        Assert.Empty(drawn.Intersect(scored));
    }

    /// <summary>The 64 ids in the middle of every scored text are nowhere in what was drawn, unless the corpus itself repeats them.</summary>
    [Fact]
    public void No_text_that_is_scored_is_ever_drawn()
    {
        const int piece = 64;
        var corpus = EmbeddedCorpus.Text;
        var train = corpus.Train.Span;
        var set = HeldOutSet.Create(corpus, null).Text!;

        // Held-out ids and training ids are disjoint places of the files: together they are never more than the files hold.
        var held = corpus.Sources.Select((_, i) => corpus.HeldOut(i).Length).Sum();
        Assert.True(train.Length + held <= corpus.Sources.Sum(s => s.Bytes + s.Documents));

        HashSet<string> trained = [];
        for (var at = 0; at + piece <= train.Length; at++) trained.Add(Key(MemoryMarshal.AsBytes(train.Slice(at, piece))));
        var repeated = 0;
        for (var window = 0; window < set.Count; window++)
            if (trained.Contains(Key(MemoryMarshal.AsBytes(set.Targets.AsSpan((window * 256) + 96, piece))))) repeated++;
        Assert.InRange(repeated, 0, set.Count / 50);

        BatchSampler sampler = new(corpus, null, new(1, 0, 0), 16, 0);
        for (long microBatch = 0; microBatch < 100; microBatch++)
        {
            var (context, targets) = BatchSamplerTests.Fill(sampler, microBatch);
            for (var row = 0; row < 16; row++)
            {
                Assert.Contains(Key(context.AsSpan(row * 1024, piece * 2)), trained);
                Assert.Contains(Key(targets.AsSpan((row * 512) + 384, piece * 2)), trained);
            }
        }
    }

    private static string Key(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes);
}

using HslEmbeddingZero.Training.Tests.Runs;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>The ranks compute every row of every micro-batch of a step, each exactly once, and all ranks the same number of rows.</summary>
public sealed class BatchShareTests
{
    public static TheoryData<int, int, int, bool> Divisible()
    {
        TheoryData<int, int, int, bool> cases = [];
        foreach (int size in (int[])[1, 2, 3, 4, 6, 8])
        {
            foreach (int microBatches in (int[])[1, 2, 3, 4, 6])
            {
                cases.Add(size, microBatches, 24, false);
                cases.Add(size, microBatches, 24, true);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Divisible))]
    public void Every_row_of_a_step_is_computed_once(int size, int microBatches, int batchSize, bool sharesRows)
    {
        const int steps = 3;
        List<(long MicroBatch, int Row)> rows = [];
        for (int rank = 0; rank < size; rank++)
        {
            BatchShare share = new(rank, size, microBatches, batchSize, sharesRows);
            Assert.Equal(steps * microBatches * batchSize / size, steps * share.PiecesPerStep * share.Rows);
            for (long piece = 0; piece < steps * share.PiecesPerStep; piece++)
            {
                (long microBatch, int first) = share.At(piece);
                Assert.Equal(piece / share.PiecesPerStep, microBatch / microBatches); // pieces are in the order of the steps
                rows.AddRange(Enumerable.Range(first, share.Rows).Select(row => (microBatch, row)));
            }
        }

        Assert.Equal(
            Enumerable.Range(0, steps * microBatches).SelectMany(m => Enumerable.Range(0, batchSize).Select(row => ((long)m, row))),
            rows.Order());
    }

    [Theory]
    [InlineData(2, 4, false, 1)] // whole micro-batches
    [InlineData(2, 3, false, 2)] // three for two ranks: halves of each
    [InlineData(4, 2, false, 2)]
    [InlineData(6, 4, false, 3)]
    [InlineData(2, 4, true, 2)]
    [InlineData(1, 3, true, 1)]
    public void Micro_batches_are_cut_into_as_few_parts_as_possible(int size, int microBatches, bool sharesRows, int parts) =>
        Assert.Equal(parts, new BatchShare(0, size, microBatches, 12, sharesRows).Parts);

    [Fact]
    public void Rank_r_takes_micro_batch_i_where_i_mod_N_is_r()
    {
        BatchShare share = new(1, 2, 4, 5);
        Assert.Equal([(1L, 0), (3L, 0), (5L, 0), (7L, 0)], Enumerable.Range(0, 4).Select(piece => share.At(piece)));
    }

    [Fact]
    public void A_step_that_cannot_be_shared_is_refused_with_the_numbers()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new BatchShare(0, 5, 3, 12));
        Assert.Contains("5 processes cannot share a step of 3 × 12 samples (GradientAccumulationSteps × BatchSize)", refused.Message);
        Assert.Contains("divides 36", refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_part_has_the_rows_of_the_whole_micro_batch(int rank)
    {
        BatchSampler sampler = new(TinyRun.Sources, batchSize: 6, seed: 3);
        BatchShare share = new(rank, 3, 2, 6);
        using BatchPrefetcher part = new(sampler, share, CPU, firstMicroBatch: 0), whole = new(sampler, CPU, firstMicroBatch: 0);
        for (int microBatch = 0; microBatch < 6; microBatch++)
        {
            ByteBatch all = whole.Next(), own = part.Next();
            Assert.Equal(all.Source, own.Source);
            Assert.Equal(Rows(all.Context).Skip(rank * 2).Take(2), Rows(own.Context));
            Assert.Equal(Rows(all.Targets).Skip(rank * 2).Take(2), Rows(own.Targets));
        }

        static IEnumerable<string> Rows(Tensor ids) =>
            Enumerable.Range(0, (int)ids.size(0)).Select(row => string.Join(' ', ids[row].data<short>().ToArray()));
    }
}

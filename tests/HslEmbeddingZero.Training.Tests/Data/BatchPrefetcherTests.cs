using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Data;

public class BatchPrefetcherTests
{
    [Theory]
    [InlineData(0, 16)]
    [InlineData(5, 2)]
    [InlineData(1_000_000, 3)]
    public void Batches_are_those_of_the_sampler(long first, int capacity)
    {
        BatchSampler sampler = BatchSamplerTests.Sampler(seed: 3);
        using var prefetcher = new BatchPrefetcher(BatchSamplerTests.Sampler(seed: 3), CPU, first, capacity);
        for (long microBatch = first; microBatch < first + 50; microBatch++)
        {
            ByteBatch batch = prefetcher.Next();
            (short[] context, short[] targets) = BatchSamplerTests.Fill(sampler, microBatch);
            SampleShape shape = BatchSamplerTests.SourceOf(sampler, microBatch).Shape;
            Assert.Equal(sampler.SourceAt(microBatch), batch.Source);
            Assert.Equal((ScalarType.Int16, ScalarType.Int16), (batch.Context.dtype, batch.Targets.dtype));
            Assert.Equal([4, shape.ContextLength], batch.Context.shape);
            Assert.Equal([4, shape.TargetLength], batch.Targets.shape);
            Assert.Equal(context, batch.Context.data<short>().ToArray());
            Assert.Equal(targets, batch.Targets.data<short>().ToArray());
        }
    }

    [Fact]
    public void A_batch_lives_until_half_the_ring_has_been_given_out_after_it()
    {
        BatchSampler sampler = BatchSamplerTests.Sampler();
        using var prefetcher = new BatchPrefetcher(sampler, CPU, 0, capacity: 8);
        var living = new Queue<(long MicroBatch, ByteBatch Batch)>();
        for (long microBatch = 0L; microBatch < 60; microBatch++)
        {
            living.Enqueue((microBatch, prefetcher.Next()));
            if (living.Count > prefetcher.Lifetime)
                living.Dequeue();
            Thread.Sleep(microBatch % 10 == 0 ? 20 : 0);
            foreach ((long index, ByteBatch batch) in living)
                Assert.Equal(BatchSamplerTests.Fill(sampler, index).Context, batch.Context.data<short>().ToArray());
        }

        Assert.Equal(4, prefetcher.Lifetime);
    }

    [Fact]
    public void A_failure_on_the_thread_surfaces_in_Next_after_the_batches_before_it()
    {
        using var prefetcher = new BatchPrefetcher(BatchSamplerTests.Sampler(), CPU, long.MaxValue - 2, capacity: 16);
        for (int i = 0; i < 3; i++)
            prefetcher.Next();
        for (int i = 0; i < 2; i++)
            Assert.IsType<ArgumentOutOfRangeException>(Assert.Throws<InvalidOperationException>(() => prefetcher.Next()).InnerException);
    }

    [Fact]
    public void Dispose_frees_every_tensor_and_an_open_scope_frees_none_early()
    {
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        BatchPrefetcher prefetcher;
        using (NewDisposeScope())
            prefetcher = new(BatchSamplerTests.Sampler(), CPU, 0);
        Assert.Equal(live + (16 * 3 * 2), DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        ByteBatch batch;
        using (NewDisposeScope())
            batch = prefetcher.Next();
        Assert.False(batch.Context.IsInvalid);

        prefetcher.Dispose();
        prefetcher.Dispose();
        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.True(batch.Context.IsInvalid);
        Assert.Throws<ObjectDisposedException>(() => prefetcher.Next());
    }

    [Fact]
    public void A_step_allocates_no_tensor_and_hardly_any_managed_memory()
    {
        BatchSampler sampler = BatchSamplerTests.Sampler(batchSize: 12);
        using var prefetcher = new BatchPrefetcher(sampler, CPU, 0);
        AssertThrifty(64, _ => prefetcher.Next());

        using var slot = new BatchSlot(sampler, sampler.BatchSize, CPU); // the work of the thread in a step
        AssertThrifty(512, microBatch => slot.Fill(sampler, microBatch, firstRow: 0));

        static void AssertThrifty(long most, Action<long> step)
        {
            for (int i = 0; i < 100; i++)
                step(i);
            long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
                step(i);
            Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, most);
            Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    [Fact]
    public void Arguments_are_checked()
    {
        BatchSampler sampler = BatchSamplerTests.Sampler();
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPrefetcher(sampler, CPU, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPrefetcher(sampler, CPU, 0, capacity: 1));
        Assert.Throws<ArgumentNullException>(() => new BatchPrefetcher(null!, CPU, 0));
    }
}

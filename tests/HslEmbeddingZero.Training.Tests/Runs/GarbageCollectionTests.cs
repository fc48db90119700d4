
namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>
/// TorchSharp can release a Scalar while native code still reads it. If the garbage collector runs all the time, such a call reads freed
/// memory.
/// </summary>
public sealed class GarbageCollectionTests
{
    [Fact]
    public void Training_is_the_same_while_the_collector_never_rests()
    {
        TrainerOptions options = TinyRun.Options with { Steps = 10 };
        using TinyRun calm = new(options);
        calm.Trainer.Run();

        using TinyRun stressed = new(options);
        using CancellationTokenSource done = new();
        Thread collector = new(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            stressed.Trainer.Run();
        }
        finally
        {
            done.Cancel();
            collector.Join();
        }

        Assert.Equal(calm.Weights, stressed.Weights);
    }
}

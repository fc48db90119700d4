using System.Runtime.CompilerServices;
using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Ranks;

/// <summary>Wrong calls, which a group answers with an exception before anything is exchanged.</summary>
internal static class Refusals
{
    public static void OfArguments(IProcessGroup group)
    {
        using Tensor half = ones(4, dtype: ScalarType.Float16, device: CPU);
        using Tensor whole = ones(4, dtype: ScalarType.Int64, device: CPU);
        using Tensor matrix = ones(4, 3, dtype: ScalarType.Float32, device: CPU);
        using Tensor transposed = matrix.t();
        using Tensor elsewhere = ones(4, dtype: ScalarType.Float32, device: META);
        using Tensor gone = ones(4, dtype: ScalarType.Float32, device: CPU);
        gone.Dispose();
        Expect<ArgumentException>("The dtype of values is Float16; it must be Float32 or Float64.", () => group.AllReduce(half));
        Expect<ArgumentException>("The dtype of values is Int64; it must be Float32 or Float64.", () => group.AllReduce(whole, true));
        Expect<ArgumentException>("The tensor values is not contiguous; call contiguous() first.", () => group.AllReduce(transposed));
        Expect<ArgumentException>("The tensor values is not contiguous; call contiguous() first.", () => group.Broadcast(transposed));
        Expect<ArgumentException>("The tensor values is on meta; the group is on the CPU.", () => group.AllReduce(elsewhere));
        Expect<ArgumentException>("The tensor values has been disposed.", () => group.Broadcast(gone));
        Expect<ArgumentNullException>("", () => group.AllReduce(null!));
        Expect<InvalidOperationException>("This process has joined its group before", () => ProcessGroup.Join());
        Expect<ArgumentException>("The device is meta; ranks exchange tensors of cpu or cuda.", () => ProcessGroup.Join(META));
    }

    /// <summary>Two threads of rank 0 call at once: one waits for the other ranks, the other is refused.</summary>
    /// <param name="group">The group.</param>
    /// <param name="signal">A file that rank 0 creates when that has happened. The other ranks wait for it.</param>
    public static void OfTwoThreads(IProcessGroup group, string signal)
    {
        if (group.Rank > 0)
        {
            while (!File.Exists(signal)) Thread.Sleep(20);
            SumOfOnes(group);
            return;
        }

        int sums = 0, refused = 0;
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            try
            {
                SumOfOnes(group);
                Interlocked.Increment(ref sums);
            }
            catch (InvalidOperationException error) when (error.Message.Contains("another thread", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref refused);
                File.WriteAllText(signal, "");
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if ((sums, refused) != (1, 1)) throw new InvalidOperationException($"Wrong: {sums} sums and {refused} refusals.");
    }

    /// <summary>A caught NullReferenceException is a SIGSEGV, which the library of MPI must leave to .NET.</summary>
    public static void OfNull()
    {
        Expect<NullReferenceException>("", () => LengthOf(null!));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static int LengthOf(string text) => text.Length;
    }

    public static void AfterTheEnd(IProcessGroup group)
    {
        using Tensor values = ones(4, dtype: ScalarType.Float32, device: CPU);
        group.Complete();
        group.Complete();
        Expect<InvalidOperationException>("AllReduce was called after Complete", () => group.AllReduce(values));
        Expect<InvalidOperationException>("Broadcast was called after Complete", () => group.Broadcast(values));
        Expect<InvalidOperationException>("Abort was called after Complete", group.Abort);
        Expect<InvalidOperationException>("This process has joined its group before", () => ProcessGroup.Join());
        group.Dispose();
        group.Dispose();
        Expect<ObjectDisposedException>("", () => group.AllReduce(values));
    }

    private static void SumOfOnes(IProcessGroup group)
    {
        using Tensor values = ones(4, dtype: ScalarType.Float32, device: CPU);
        group.AllReduce(values);
        if (values.sum().item<float>() != 4 * group.Size) throw new InvalidDataException("Wrong: the sum of ones.");
    }

    private static void Expect<T>(string message, Action call)
        where T : Exception
    {
        try
        {
            call();
        }
        catch (T error) when (error.Message.Contains(message, StringComparison.Ordinal))
        {
            return;
        }

        throw new InvalidDataException($"Wrong: no {typeof(T).Name} that says '{message}'.");
    }

    private static void Expect<T>(string message, Func<object?> call)
        where T : Exception => Expect<T>(message, () => { _ = call(); });
}

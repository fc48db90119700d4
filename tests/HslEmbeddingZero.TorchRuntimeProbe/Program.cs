using HslEmbeddingZero;
using TorchSharp;

// Each argument is a step: load (from HSL_TORCH_LIB), load=FOLDER, ensure, sum, describe, or the library's first use: door, features, body,
// weights=FILE, threads (16 doors at once); keep (TorchMemory), faults (page faults of twenty equal tensors after sixty).
// A TorchRuntimeException ends the program with exit code 1.
try
{
    foreach (string step in args)
    {
        if (step.StartsWith("load", StringComparison.Ordinal))
            Console.WriteLine($"load: {TorchRuntime.Load(step.Length > 5 ? step[5..] : null)}");
        else if (step == "ensure") TorchRuntime.EnsureLoaded();
        else if (step == "sum") Console.WriteLine($"sum: {torch.ones(2).sum().item<float>()}");
        else if (step == "describe") Console.WriteLine(TorchRuntime.Describe());
        else if (step == "door") new PooledEmbeddingDoor().Dispose();
        else if (step == "features") new ControlFeatures(ControlKind.Hsl).Dispose();
        else if (step == "body") new ByteTransformer(new ByteTransformerOptions { Layers = 1 }).Dispose();
        else if (step.StartsWith("weights=", StringComparison.Ordinal))
            Console.WriteLine($"tensors: {Safetensors.Load(step["weights=".Length..]).Count}");
        else if (step == "keep") Console.WriteLine($"keep: {TorchMemory.RetainFreedBlocks()}");
        else if (step == "faults") Console.WriteLine($"faults: {FaultsOfTwentyTensors()}");
        else if (step == "threads") Console.WriteLine($"threads: {DoorsAtOnce(16)}");
        else throw new ArgumentException($"Unknown step '{step}'.");
    }

    return 0;
}
catch (TorchRuntimeException error)
{
    Console.WriteLine($"{nameof(TorchRuntimeException)}: {error.Message}");
    return 1;
}

// Minor page faults while twenty tensors of 64 MiB are created, filled and freed one after another. Sixty others settle the heap before.
static long FaultsOfTwentyTensors()
{
    for (int i = 0; i < 60; i++) torch.ones(16 << 20).Dispose();
    long before = MinorFaults();
    for (int i = 0; i < 20; i++) torch.ones(16 << 20).Dispose();
    return MinorFaults() - before;
}

// The tenth field of stat: the eighth after the name in brackets.
static long MinorFaults() =>
    long.Parse(File.ReadAllText("/proc/self/stat").Split(')')[^1].Split(' ')[8], System.Globalization.CultureInfo.InvariantCulture);

// Number of threads, all started together, that got the features of three zero bytes.
static int DoorsAtOnce(int count)
{
    float[] sums = new float[count];
    using Barrier start = new(count);
    Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() =>
    {
        start.SignalAndWait();
        using ZeroDoor door = new(3, 81);
        using DisposeScope scope = torch.NewDisposeScope();
        sums[i] = door.forward(torch.zeros(3, torch.ScalarType.Byte)).sum().item<float>();
    }))];
    foreach (Thread thread in threads) thread.Start();
    foreach (Thread thread in threads) thread.Join();
    return sums.Count(sum => sum == HslFeatures.Encode(new byte[3]).Sum());
}

using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

/// <summary>Several generators that share one model at the same time give the same bytes as each alone.</summary>
public sealed class SharedModelTests
{
    private const int Generators = 6;
    private const int Bytes = 40;

    [Fact]
    public async Task Generators_on_threads_of_their_own_give_what_one_alone_gives()
    {
        byte[][] alone = await Alone();
        using ByteLanguageModel model = Model(); // its position tables do not exist yet
        byte[][] together = new byte[Generators][];
        using Barrier start = new(Generators);
        ConcurrentBag<Exception> failures = [];
        Thread[] threads = [.. Enumerable.Range(0, Generators).Select(i => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                together[i] = Generate(model, i).GetAwaiter().GetResult();
            }
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Empty(failures);
        Assert.Equal(alone, together);
    }

    /// <summary>As in a server: each byte may be computed on another thread of the pool.</summary>
    [Fact]
    public async Task Generators_on_the_pool_give_what_one_alone_gives()
    {
        byte[][] alone = await Alone();
        using ByteLanguageModel model = Model();
        Assert.Equal(alone, await Task.WhenAll(Enumerable.Range(0, Generators).Select(i => Task.Run(() => Generate(model, i)))));
    }

    private static async Task<byte[][]> Alone()
    {
        using ByteLanguageModel model = Model();
        List<byte[]> alone = [];
        for (int i = 0; i < Generators; i++) alone.Add(await Generate(model, i));
        Assert.Equal(Generators, alone.DistinctBy(Convert.ToHexString).Count());
        return [.. alone];
    }

    /// <summary>The same weights each time, independent of earlier random draws of the process.</summary>
    private static ByteLanguageModel Model()
    {
        ByteLanguageModel model = GoldenBody.RandomModel();
        using Generator random = new(7);
        using IDisposable quiet = no_grad();
        foreach (Tensor weight in model.parameters()) weight.normal_(0, 0.1, random);
        return model;
    }

    /// <summary>Contexts of many lengths. One exceeds the first position tables.</summary>
    private static async Task<byte[]> Generate(ByteLanguageModel model, int i)
    {
        short[] context = [.. Enumerable.Range(0, i == 0 ? 2100 : 30 * i).Select(j => (short)((j * 7 + i) % ByteIds.Count))];
        using ByteGenerator generator = new(model, context);
        List<byte> bytes = [];
        await foreach (byte value in generator.GenerateAsync(Bytes, new GenerationOptions { Seed = i })) bytes.Add(value);
        return [.. bytes];
    }
}

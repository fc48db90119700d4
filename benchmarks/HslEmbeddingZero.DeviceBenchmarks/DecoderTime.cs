using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using HslEmbeddingZero.Samples;
using MathNet.Numerics.Statistics;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// The decoder in plain C# beside <see cref="ByteGenerator"/> in float32 on libtorch, and the ONNX export in ONNX Runtime: a byte, a
/// prompt, and several streams at once. All take turns in every round, so that a ratio compares times of the same moment.
/// </summary>
internal static class DecoderTime
{
    private const int ContextBytes = 512;
    private const long MemoryBytes = 256L << 20; // more than the caches hold

    /// <param name="args">
    /// Any of body=small|quick|paper, positions=300,2200, prompt=2048, streams=16, threads=1, bytes=20 (a round), rounds=9.
    /// </param>
    public static void Run(string[] args)
    {
        GivenOptions given = new(args);
        string body = given.Choice("body", "small", "quick", "paper");
        int[] positions = given.Numbers("positions", 300, 2200);
        int prompt = given.Number("prompt", 2048), streams = given.Number("streams", 16), threads = given.Number("threads", 1);
        int bytes = given.Number("bytes", 20), rounds = given.Number("rounds", 9);
        given.RequireNoOther();
        TorchRuntime.EnsureLoaded();
        set_num_threads(threads);

        string path = Path.GetTempFileName(), onnxPath = Path.GetTempFileName();
        try
        {
            ByteTransformerOptions options = BodyOption.Of(body);
            using ByteLanguageModel model = new(new ZeroDoor(8, options.Dim), new ByteTransformer(options));
            model.ResetParameters(1);
            model.Save(path, ScalarType.BFloat16);
            model.eval();
            using OnnxModel standard = Exported(OnnxAttention.Standard), groupQuery = Exported(OnnxAttention.GroupQuery);
            Engine[] engines =
            [
                new("libtorch float32", 4L * model.Body.ParameterCount, model),
                Decoder("float32", DecoderPrecision.Float32, DecoderPrecision.Float32),
                Decoder("bfloat16", DecoderPrecision.BFloat16, DecoderPrecision.BFloat16),
                Decoder("int8", DecoderPrecision.Int8, DecoderPrecision.BFloat16),
                new("ONNX standard", 4L * model.Body.ParameterCount, standard),
                new("ONNX GroupQuery", 4L * model.Body.ParameterCount, groupQuery),
            ];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"libtorch {TorchRuntime.LibtorchVersion}, {body} body, {model.Body.ParameterCount} parameters, {threads} threads, "
                + $"vectors {DecoderPass.Widest}, {rounds} rounds; median (least to most)"));
            foreach (int position in positions) MeasureBytes(engines, position, bytes, rounds);
            MeasurePrompts(engines[..^2], prompt, rounds); // ONNX reads one position at a time: a prompt takes as long as its bytes.
            MeasureStreams(engines[2], streams, bytes, rounds);
        }
        finally
        {
            File.Delete(path);
            File.Delete(onnxPath);
        }

        OnnxModel Exported(OnnxAttention attention)
        {
            OnnxExport.Save(path, onnxPath, new() { Attention = attention });
            return OnnxModel.Load(onnxPath, threads);
        }

        Engine Decoder(string name, DecoderPrecision weights, DecoderPrecision cache)
        {
            var decoder = ByteDecoder.Load(path, new() { Weights = weights, Cache = cache, Threads = threads });
            return new($"decoder {name}", decoder.WeightBytes, decoder);
        }
    }

    /// <summary>The time of a byte behind a context and a stream that together have so many positions.</summary>
    private static void MeasureBytes(Engine[] engines, int positions, int bytes, int rounds)
    {
        IByteGenerator[] generators = [.. engines.Select(engine => Generator(engine, positions))];
        double[][] times = Take(rounds, [.. generators.Select(generator => (Action)(() => Continue(generator, bytes)))]);
        double[] memory = Take(rounds, [ReadMemory])[0];
        double perSecond = MemoryBytes / memory.Minimum() / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"a byte at {positions} positions; memory is read with {perSecond:F1} GB/s by one thread"));
        for (int i = 0; i < engines.Length; i++)
        {
            double[] ofByte = [.. times[i].Select(time => time / bytes)];
            double weights = engines[i].Bytes / ofByte.Minimum() / 1e6;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {engines[i].Name,-18} {Spread(ofByte)} ms; {Ratio(times[0], times[i])} times as fast; "
                + $"weights with {weights:F1} GB/s, {weights / perSecond:F2} of memory"));
        }

        foreach (IByteGenerator generator in generators) generator.Dispose();
    }

    /// <summary>The time from a prompt to the logits after it: one position a byte.</summary>
    private static void MeasurePrompts(Engine[] engines, int prompt, int rounds)
    {
        double[][] times = Take(
            Math.Min(rounds, 5), [.. engines.Select(engine => (Action)(() => Generator(engine, prompt, context: 0).Dispose()))]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a prompt of {prompt} positions"));
        for (int i = 0; i < engines.Length; i++)
            Console.WriteLine($"  {engines[i].Name,-18} {Spread(times[i])} ms; {Ratio(times[0], times[i])} times as fast");
    }

    /// <summary>Bytes a second of several streams that are read together, beside one stream.</summary>
    private static void MeasureStreams(Engine engine, int streams, int bytes, int rounds)
    {
        DecoderGenerator[] generators = [.. Enumerable.Range(0, streams).Select(_ => (DecoderGenerator)Generator(engine, 300))];
        using IByteGenerator alone = Generator(engine, 300);
        var decoder = (ByteDecoder)engine.Model;
        double[][] times = Take(rounds, [() => Continue(alone, bytes), Together]);
        double[] gain = [.. times[0].Zip(times[1], (one, all) => streams * one / all)];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{streams} streams at once, {engine.Name}: {Spread([.. times[1].Select(time => streams * bytes / time * 1000)])} bytes/s, "
            + $"{Spread(gain)} times one stream's"));
        foreach (DecoderGenerator generator in generators) generator.Dispose();

        void Together()
        {
            for (int i = 0; i < bytes; i++)
            {
                foreach (DecoderGenerator generator in generators) generator.Accept(i * 31 % 256);
                decoder.Read(generators);
            }
        }
    }

    private static void Continue(IByteGenerator generator, int bytes)
    {
        for (int i = 0; i < bytes; i++)
        {
            generator.Accept(i * 31 % 256);
            _ = generator.Logits;
        }
    }

    private static IByteGenerator Generator(Engine engine, int positions, int context = ContextBytes)
    {
        short[] ids = [.. Enumerable.Range(0, Math.Max(context, positions)).Select(i => (short)(i * 31 % 256))];
        int slots = context / engine.Model.BytesPerSlot;
        return engine.Model.CreateGenerator(ids.AsSpan(0, context), ids.AsSpan(0, Math.Max(0, positions - slots - 1)));
    }

    /// <summary>Milliseconds of every action in every round; the first round only warms up.</summary>
    private static double[][] Take(int rounds, Action[] actions)
    {
        double[][] times = [.. actions.Select(_ => new double[rounds])];
        for (int round = -1; round < rounds; round++)
        {
            for (int i = 0; i < actions.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                actions[i]();
                if (round >= 0) times[i][round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }

        return times;
    }

    /// <summary>Reads memory once, on one thread, four cache lines at a time: what a decoder that did nothing else would take.</summary>
    private static unsafe void ReadMemory()
    {
        byte* memory = Memory.Value.Address;
        Vector512<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (long i = 0; i < MemoryBytes; i += 256)
        {
            sum0 ^= Vector512.Load((int*)(memory + i));
            sum1 ^= Vector512.Load((int*)(memory + i + 64));
            sum2 ^= Vector512.Load((int*)(memory + i + 128));
            sum3 ^= Vector512.Load((int*)(memory + i + 192));
        }

        if ((sum0 ^ sum1 ^ sum2 ^ sum3)[0] == 1) Console.Error.Write(""); // The sum must be used.
    }

    private static readonly Lazy<AlignedMemory> Memory = new(() =>
    {
        AlignedMemory memory = new(MemoryBytes);
        unsafe
        {
            new Span<byte>(memory.Address, (int)MemoryBytes).Fill(2); // so that every page exists
        }

        return memory;
    });

    private static string Spread(double[] values) => $"{Text(values.Median())} ({Text(values.Minimum())} to {Text(values.Maximum())})";

    private static string Text(double value) => value.ToString(value < 100 ? "F3" : "F0", CultureInfo.InvariantCulture);

    private static string Ratio(double[] first, double[] other) => Spread([.. first.Zip(other, (a, b) => a / b)]);

    private sealed record Engine(string Name, long Bytes, IByteModel Model);
}

using System.Diagnostics;
using HslEmbeddingZero.Training;
using MathNet.Numerics.Random;
using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// Measures a corpus of any size: the time to find its documents, the memory for that, and the cost of a sample and of a training step
/// compared with text in memory. The text is made once in the folder; keep=yes keeps it. It has lines of random words, and a document every
/// few KB.
/// </summary>
internal static class CorpusScale
{
    private const int Samples = 20_000;
    private const int Rounds = 9;

    public static void Run(string[] args)
    {
        GivenOptions given = new(args);
        int megabytes = given.Number("megabytes", 1000);
        int bytesPerDocument = given.Number("document", 2300);
        int steps = given.Number("steps", 10);
        string folder = given.Text("folder", Path.GetTempPath());
        bool isKept = given.Choice("keep", "no", "yes") == "yes";
        given.RequireNoOther();

        string path = Path.Combine(folder, $"corpus-{megabytes}MB-{bytesPerDocument}.txt");
        if (!File.Exists(path)) Make(path, megabytes * 1_000_000L, bytesPerDocument);
        byte[] some = new byte[Math.Min(32 << 20, megabytes * 1_000_000)];
        using (FileStream file = File.OpenRead(path)) file.ReadExactly(some);
        using var memory = TextCorpus.FromBytes(some);

        double before = ProcessMemory.Resident();
        (TextCorpus first, double seconds) = Timed(() => TextCorpus.Load([path]));
        Console.WriteLine($"{megabytes} MB, {first.Inputs[0].Documents} documents: indexed in {seconds:F1} s, "
            + $"{megabytes / seconds:F0} MB/s; resident memory {before:F0} MiB before, {ProcessMemory.Resident():F0} after, "
            + $"highest {ProcessMemory.Highest():F0}.");
        first.Dispose();
        (TextCorpus corpus, double again) = Timed(() => TextCorpus.Load([path]));
        Console.WriteLine($"a second time, by its index of {new FileInfo(path + ".hslindex").Length / 1e6:F0} MB: {again:F2} s.");
        using (corpus)
        {
            TextSource large = new(corpus), small = new(memory);
            (double ofFile, double ofMemory) = (TimeOfSample(large), TimeOfSample(small));
            Console.WriteLine($"a sample of 768 ids: {ofFile:F2} µs from the file, {ofMemory:F2} µs from memory "
                + $"(median of {Rounds} rounds of {Samples}); resident memory {ProcessMemory.Resident():F0} MiB.");
            CompareTraining(small, large, steps);
        }

        if (isKept) return;
        File.Delete(path);
        File.Delete(path + ".hslindex");
    }

    private static (T Result, double Seconds) Timed<T>(Func<T> work)
    {
        long start = Stopwatch.GetTimestamp();
        T result = work();
        return (result, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static double TimeOfSample(TextSource source)
    {
        short[] context = new short[source.Shape.ContextLength], targets = new short[source.Shape.TargetLength];
        Xoshiro256StarStar random = new(1, threadSafe: false);
        double[] rounds = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Samples; i++) source.Fill(new SampleDraw(0, i, random.NextDouble()), context, targets);
            rounds[round] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Samples;
        }

        return rounds.Median();
    }

    /// <summary>The two take turns, so that other load on the machine affects both.</summary>
    private static void CompareTraining(TextSource memory, TextSource file, int steps)
    {
        TrainerOptions options = new()
        {
            Steps = (2 * Rounds + 1) * steps,
            BatchSize = 4,
            GradientAccumulationSteps = 1,
            ReportEverySteps = steps,
        };
        ByteTransformerOptions body = new() { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 };
        using ByteLanguageModel one = new(new ZeroDoor(8, 256), new ByteTransformer(body));
        using ByteLanguageModel other = new(new ZeroDoor(8, 256), new ByteTransformer(body));
        using Trainer fromMemory = new(one, [memory], options), fromFile = new(other, [file], options);
        double[] ratios = [.. Enumerable.Range(0, Rounds + 1).Select(round =>
        {
            long stop = (round + 1) * steps;
            double inMemory = Timed(() => { fromMemory.Run(stopAt: stop); return 0; }).Seconds;
            return Timed(() => { fromFile.Run(stopAt: stop); return 0; }).Seconds / inMemory;
        }).Skip(1)];
        Console.WriteLine($"a training step of the quick body: {ratios.Median():F3} times that from memory "
            + $"(median of {Rounds} pairs of {steps} steps, {ratios.Min():F3} to {ratios.Max():F3}).");
    }

    private static void Make(string path, long bytes, int bytesPerDocument)
    {
        Xoshiro256StarStar random = new(7, threadSafe: false);
        byte[][] words = [.. Enumerable.Range(0, 5000).Select(_ =>
            Enumerable.Range(0, 2 + random.Next(9)).Select(_ => (byte)('a' + random.Next(26))).Append((byte)' ').ToArray())];
        using FileStream file = new(path + ".part", FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        long written = 0, line = 0, document = 0;
        while (written < bytes)
        {
            byte[] word = words[random.Next(words.Length)];
            file.Write(word);
            (written, line, document) = (written + word.Length, line + word.Length, document + word.Length);
            if (line < 80) continue;
            file.WriteByte((byte)'\n');
            (written, line, document) = (written + 1, 0, document + 1);
            if (document < bytesPerDocument / 2 + random.Next(bytesPerDocument)) continue;
            file.WriteByte((byte)'\n');
            (written, document) = (written + 1, 0);
        }

        file.Dispose();
        File.Move(path + ".part", path);
    }
}

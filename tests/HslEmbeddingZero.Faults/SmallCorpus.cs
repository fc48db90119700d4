using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Faults;

/// <summary>A model, a corpus and a schedule so small that a step takes milliseconds.</summary>
internal static class SmallCorpus
{
    public const int DefaultSteps = 60;

    public static readonly TrainerOptions Options = new()
    {
        Steps = DefaultSteps,
        WarmupSteps = 4,
        PeakLearningRate = 3e-3,
        FinalLearningRate = 3e-4,
        BatchSize = 2,
        GradientAccumulationSteps = 2,
        Seed = 5,
        ReportEverySteps = 3,
    };

    public static ByteLanguageModel Model()
    {
        ByteLanguageModel model = new(
            DoorArms.Create("learned", 2, 64, Options.Seed), new(new() { Dim = 64, Layers = 1, Heads = 2, Dropout = 0.1 }));
        model.ResetParameters(Options.Seed);
        return model;
    }

    /// <summary>Text, video and captions in files of a folder. Missing files are created.</summary>
    public static IReadOnlyList<SampleSource> Sources(string folder)
    {
        Write(folder);
        return Load(folder);
    }

    /// <summary>Creates the files, unless they are there.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        if (!File.Exists(TextIn(folder)))
        {
            File.WriteAllLines(TextIn(folder), Enumerable.Range(0, 400).Select(
                i => $"The {(i % 3 == 0 ? "quick brown" : "lazy old")} fox jumps over dog number {i}.{(i % 5 == 4 ? "\n" : "")}"));
        }

        if (!File.Exists(WindowsIn(folder))) File.WriteAllBytes(WindowsIn(folder), Windows(100));
    }

    /// <summary>Reads the files.</summary>
    public static IReadOnlyList<SampleSource> Load(string folder)
    {
        var films = WindowCorpus.Load([WindowsIn(folder)]);
        return
        [
            new TextSource(TextCorpus.Load([TextIn(folder)], heldOutShare: 0.25), heldOutSamples: 4),
            new VideoSource(films, heldOutSamples: 4),
            new CaptionSource(films, heldOutSamples: 8),
        ];
    }

    /// <summary>A report in which all numbers are 1.</summary>
    public static TrainingProgress Progress(long step, long steps) => new()
    {
        Step = step,
        Steps = steps,
        BitsPerByte = 1,
        Sources = new(((string[])["text", "video", "caption"]).Select(name => KeyValuePair.Create(name, 1.0))),
        LearningRate = 1e-3,
        GradientNorm = 1,
        BytesPerSecond = 1,
    };

    /// <summary>Windows of random content.</summary>
    public static byte[] Windows(int count)
    {
        byte[] bytes = new byte[count * WindowRecord.Size];
        new Random(1).NextBytes(bytes);
        for (int start = 0; start < bytes.Length; start += WindowRecord.Size)
        {
            bytes[start + WindowRecord.AudioOffset - 1] = WindowRecord.FieldSeparator;
            bytes[start + WindowRecord.CaptionOffset - 1] = WindowRecord.FieldSeparator;
            bytes[start + WindowRecord.Size - 1] = WindowRecord.RecordEnd;
        }

        return bytes;
    }

    private static string TextIn(string folder) => Path.Combine(folder, "corpus.txt");

    private static string WindowsIn(string folder) => Path.Combine(folder, "corpus.bin");
}

using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// A process that overwrites one kind of file of the libraries. On failure, it prints one line and ends with exit code 1, like a program.
/// </summary>
internal static class SmallWriter
{
    /// <summary>The kinds of files that it can write.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["weights", "checkpoint", "metrics"];

    public static string FileOf(string kind) => kind == "metrics" ? "run.metrics.jsonl" : $"{kind}.safetensors";

    public static int Run(string kind, string folder)
    {
        string path = Path.Combine(folder, FileOf(kind));
        using TemporaryFolder corpus = new();
        try
        {
            using ByteLanguageModel model = SmallCorpus.Model();
            using Trainer trainer = new(model, SmallCorpus.Sources(corpus.FullName), SmallCorpus.Options);
            if (kind == "weights") model.SaveWeights(path);
            else if (kind == "checkpoint") trainer.SaveCheckpoint(path);
            else WriteMetrics(path);
            return 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }

    /// <summary>A resumed run. The log up to its checkpoint must survive the failure.</summary>
    private static void WriteMetrics(string path)
    {
        using MetricsLog log = new(path, keepThrough: 2000);
        for (long step = 2001; step <= 4000; step++)
            log.Report(SmallCorpus.Progress(step, 4000));
    }
}

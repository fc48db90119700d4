using System.Diagnostics;
using System.Globalization;
using HslEmbeddingZero.Training;
using MathNet.Numerics.Statistics;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// The time of a training step of one process, or of the ranks that mpirun started, and what of it the exchange between the ranks takes.
/// The step is that of <see cref="Trainer"/>, with its samples and a report. The comparison of the weights, every 100 steps, is left out.
/// </summary>
internal static class RankTraining
{
    private const int WarmUp = 2;

    /// <param name="args">
    /// Any of body=quick|paper, precision=float32,bfloat16 (float32 unless given), batch=4 (samples in a micro-batch), accumulation=2
    /// (micro-batches in a step, of all ranks together), steps=10, reduction=fast|ordered, memory=freed|kept.
    /// </param>
    public static void Run(string[] args)
    {
        GivenOptions given = new(args);
        string body = given.Choice("body", "paper", "quick"), memory = given.Choice("memory", "freed", "kept");
        string[] precisions = given.Choices("precision", "float32", "float32", "bfloat16");
        int batch = given.Number("batch", 4), accumulation = given.Number("accumulation", 2), steps = given.Number("steps", 10);
        bool isOrdered = given.Choice("reduction", "fast", "ordered") == "ordered";
        given.RequireNoOther();
        MemoryOption.Apply(memory);
        IProcessGroup? joined = BenchmarkRanks.Join();
        using TimedGroup? group = joined is null ? null : new(joined);
        using Collective ranks = new(group, new DistributedOptions(), CPU);
        if (ranks.IsFirst)
        {
            Console.WriteLine("| body | precision | ranks × threads | samples | memory | ms a step | least | most "
                + "| gradient MB | exchange ms | of the step | GB/s | waiting ms, rank by rank | small sums ms | KB of text a second |");
            Console.WriteLine("| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |");
        }

        using var text = TextCorpus.FromBytes(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "text.en.txt")));
        TextSource source = new(text, heldOutSamples: 0);
        ByteTransformerOptions shape = BodyOption.Of(body);
        foreach (string precision in precisions)
        {
            TrainerOptions options = new()
            {
                Steps = WarmUp + steps + 1, // The last step of a run checks all weights, so it is not taken.
                BatchSize = batch,
                GradientAccumulationSteps = accumulation,
                Precision = precision == "bfloat16" ? Precision.BFloat16 : Precision.Float32,
                ReportEverySteps = 1,
                Distributed = new() { OrderedReduction = isOrdered },
            };
            using ByteLanguageModel model = new(new ZeroDoor(8, shape.Dim), new ByteTransformer(shape));
            using Trainer trainer = new(model, [source], options, CPU, group);
            StepWatch watch = new(group);
            trainer.Run(watch, stopAt: WarmUp + steps);
            Print(watch, ranks, $"{body} | {precision} | {ranks.Size} × {get_num_threads()} | {accumulation} × {batch} | {memory}",
                (double)accumulation * batch * source.Shape.Length);
        }

        group?.Complete();
    }

    private static void Print(StepWatch watch, Collective ranks, string what, double bytes)
    {
        double step = watch.Steps.Median();
        double[] waiting = OfAll(ranks, watch.Exchanges.Select(times => times.Waiting).Median());
        double gradient = OfAll(ranks, watch.Exchanges.Select(times => times.Gradient).Median()).Max();
        double small = OfAll(ranks, watch.Exchanges.Select(times => times.Small).Median()).Max();
        double gradientBytes = watch.Exchanges[0].GradientBytes;
        if (!ranks.IsFirst) return;
        string exchange = ranks.Size == 1 ? " | | | | | " : string.Create(CultureInfo.InvariantCulture,
            $"{gradientBytes / 1e6:F1} | {gradient:F2} | {gradient / step:P1} | {gradientBytes / gradient / 1e6:F2} | "
                + $"{string.Join(", ", waiting.Select(one => one.ToString("F2", CultureInfo.InvariantCulture)))} | {small:F3}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {step:F1} | {watch.Steps.Min():F1} | {watch.Steps.Max():F1} | {exchange} | {bytes / step:F2} |"));
    }

    /// <summary>A number of every rank, in their order.</summary>
    private static double[] OfAll(Collective ranks, double value)
    {
        double[] all = new double[ranks.Size];
        all[ranks.Rank] = value;
        ranks.Sum(all);
        return all;
    }

    /// <summary>Takes the time of every step after the warm-up, in milliseconds.</summary>
    private sealed class StepWatch(TimedGroup? group) : IProgress<TrainingProgress>
    {
        private long _start = Stopwatch.GetTimestamp();

        public List<double> Steps { get; } = [];

        public List<ExchangeTimes> Exchanges { get; } = [];

        public void Report(TrainingProgress value)
        {
            ExchangeTimes times = group?.Take() ?? new();
            if (value.Step > WarmUp)
            {
                Steps.Add(Stopwatch.GetElapsedTime(_start).TotalMilliseconds);
                Exchanges.Add(times);
            }

            _start = Stopwatch.GetTimestamp();
        }
    }
}

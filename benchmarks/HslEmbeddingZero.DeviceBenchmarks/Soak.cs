using System.Diagnostics;
using System.Globalization;
using HslEmbeddingZero.Training;
using MathNet.Numerics;
using TorchSharp;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// Trains for a number of steps and measures the process: live tensors, resident memory and managed bytes allocated per step. The number of
/// live tensors after step 5 must stay the same, and resident memory must not rise with the steps.
/// </summary>
internal static class Soak
{
    private const int SampleEvery = 50;

    private const int Steps = 2000;

    /// <param name="args">
    /// The number of steps, and memory=freed, or memory=kept as in the samples. With kept, resident memory is its highest value so far.
    /// </param>
    public static void Run(string[] args)
    {
        string? count = args is [{ } first, ..] && !first.Contains('=', StringComparison.Ordinal) ? first : null;
        GivenOptions given = new(count is null ? args : [$"steps={count}", .. args[1..]]);
        int steps = given.Number("steps", Steps);
        string memory = given.Choice("memory", "freed", "kept");
        given.RequireNoOther();
        MemoryOption.Apply(memory);
        using var model = new ByteLanguageModel(
            DoorArms.Create("zero", 8, 256, 0),
            new ByteTransformer(new ByteTransformerOptions { Dim = 256, Layers = 2, Heads = 4, Dropout = 0.1 }));
        TrainerOptions options = new() { Steps = steps, BatchSize = 4, GradientAccumulationSteps = 1, ReportEverySteps = 1 };
        string data = Path.Combine(AppContext.BaseDirectory, "data");
        var text = TextCorpus.Load([Path.Combine(data, "text.en.txt"), Path.Combine(data, "text.ko.txt")]);
        var windows = WindowCorpus.Load([Path.Combine(data, "windows.bin")]);
        using var trainer = new Trainer(model, [new TextSource(text), new VideoSource(windows), new CaptionSource(windows)], options);
        Watch watch = new();
        trainer.Run(watch);
        watch.Print();
    }

    private sealed class Watch : IProgress<TrainingProgress>
    {
        private readonly List<(long Step, long Live, double Megabytes, long Allocated)> _samples = [];
        private readonly HashSet<long> _liveAfterFive = [];

        public void Report(TrainingProgress value)
        {
            long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            if (value.Step > 5) _liveAfterFive.Add(live);
            if (value.Step % SampleEvery != 0) return;
            using var process = Process.GetCurrentProcess();
            _samples.Add((value.Step, live, process.WorkingSet64 / (double)(1 << 20), GC.GetAllocatedBytesForCurrentThread()));
        }

        public void Print()
        {
            Console.WriteLine("| step | live tensors | resident MiB | managed bytes a step |");
            Console.WriteLine("| ---: | ---: | ---: | ---: |");
            for (int i = 1; i < _samples.Count; i++)
            {
                if (i % Math.Max(1, _samples.Count / 10) != 0 && i != _samples.Count - 1) continue;
                long a = (_samples[i].Allocated - _samples[i - 1].Allocated) / SampleEvery;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {_samples[i].Step} | {_samples[i].Live} | {_samples[i].Megabytes:F1} | {a} |"));
            }

            // The first quarter is warm-up: the heap grows, the JIT compiles code again, every source is read.
            var settled = _samples.Skip(_samples.Count / 4).ToList();
            double[] steps = [.. settled.Select(s => (double)s.Step)], megabytes = [.. settled.Select(s => s.Megabytes)];
            (double start, double slope) = Fit.Line(steps, megabytes);
            double left = steps.Zip(megabytes).Sum(p => Math.Pow(p.Second - start - (slope * p.First), 2)) / (steps.Length - 2);
            double mean = steps.Average(), error = Math.Sqrt(left / steps.Sum(step => Math.Pow(step - mean, 2)));
            Console.WriteLine();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Live tensors after step 5: {string.Join(" or ", _liveAfterFive.Order())}. Resident memory rises by {slope * 1000:F2} "
                    + $"±{error * 1000:F2} MiB per 1,000 steps (least squares from step {settled[0].Step} on, standard error)."));
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using HslEmbeddingZero.Training;
using MathNet.Numerics.Statistics;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// The time of one training step, measured as in benchmarks/peer/train_step.py: forward, backward, clipping and AdamW on text samples. Also
/// the time in which the host hands the step to the device. While that time is the shorter one, the device never waits for the host.
/// </summary>
internal static class StepTime
{
    private const int WarmUp = 5;

    /// <param name="args">
    /// Any of body=quick|paper, batch=12, steps=20, precision=float32|tf32|bfloat16, device=cpu|cuda, memory=freed|kept. Several batches or
    /// precisions, separated by commas, are measured one after another.
    /// </param>
    public static void Run(string[] args)
    {
        GivenOptions given = new(args);
        string body = given.Choice("body", "paper", "quick"), place = given.Choice("device", "cpu", "cuda"),
            memory = given.Choice("memory", "freed", "kept");
        int[] batches = given.Numbers("batch", 12);
        int steps = given.Number("steps", 20);
        string[] precisions = given.Choices("precision", "float32", "float32", "tf32", "bfloat16");
        given.RequireNoOther();
        MemoryOption.Apply(memory);
        TorchRuntime.EnsureLoaded();
        BenchmarkDevices.Require(place);

        string name = BenchmarkDevices.NameOf(place);
        ByteTransformerOptions options = BodyOption.Of(body);
        foreach (string precision in precisions)
        {
            foreach (int batch in batches) Measure(options, precision, batch);
        }

        void Measure(ByteTransformerOptions options, string precision, int batch)
        {
            using IDisposable? products = Precisions.Use(
                precision == "tf32" ? Precision.TensorFloat32 : Precision.Float32, device(place));
            using TrainedBody trained = new(options, fused: true, device(place),
                precision == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32, batch);
            List<double> handed = [], done = [];
            for (int i = 0; i < WarmUp + steps; i++)
            {
                BenchmarkDevices.Wait(place);
                long start = Stopwatch.GetTimestamp();
                trained.Pass();
                trained.Update();
                double host = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                BenchmarkDevices.Wait(place);
                if (i < WarmUp) continue;
                handed.Add(host);
                done.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"libtorch {TorchRuntime.LibtorchVersion} {name}, {body} batch {batch} {precision}, memory {memory}: median "
                    + $"{done.Median():F1} ms, "
                + $"{done.Min():F1} to {done.Max():F1} ms over {steps} steps; handed to the device in {handed.Median():F1} ms"));
        }
    }
}

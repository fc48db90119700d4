using System.Diagnostics;
using System.Globalization;
using HslEmbeddingZero.Training;
using MathNet.Numerics.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// The time of one training step, as benchmarks/peer/train_step.py takes it: forward, backward, clipping and AdamW on text samples. Beside it the
/// time in which the host handed the step to the device: while that is the shorter one, the device never waits for the host.
/// </summary>
internal static class StepTime
{
    private const int WarmUp = 5;

    /// <param name="args">Any of body=quick|paper, batch=12, steps=20, precision=float32|tf32|bfloat16, device=cpu|cuda, memory=freed|kept.</param>
    public static void Run(string[] args)
    {
        Dictionary<string, string> given = args.Select(a => a.Split('=', 2)).ToDictionary(a => a[0], a => a.Length > 1 ? a[1] : "", StringComparer.Ordinal);
        string body = Take("body", "paper"), precision = Take("precision", "float32"), place = Take("device", "cpu"), memory = Take("memory", "freed");
        int batch = int.Parse(Take("batch", "12"), CultureInfo.InvariantCulture), steps = int.Parse(Take("steps", "20"), CultureInfo.InvariantCulture);
        if (given.Count > 0) throw new ArgumentException($"Unknown: {string.Join(", ", given.Keys)}; known are body, batch, steps, precision, device and memory.");
        MemoryOption.Apply(memory);

        if (place == "cuda" && !TryInitializeDeviceType(DeviceType.CUDA)) throw new ArgumentException("device=cuda: there is no CUDA device.");
        Precisions.Use(precision == "tf32" ? Precision.TensorFloat32 : Precision.Float32);
        ByteTransformerOptions options = body == "quick" ? new() { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 } : new() { Dropout = 0 };
        using TrainedBody trained = new(options, fused: true, device(place), precision == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32, batch);
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
            $"libtorch {torch.__version__} {place} {body} batch {batch} {precision}, memory {memory}: median {done.Median():F1} ms, {done.Min():F1} to {done.Max():F1} ms over {steps} steps; handed to the device in {handed.Median():F1} ms"));

        string Take(string name, string otherwise) => given.Remove(name, out string? value) ? value : otherwise;
    }
}

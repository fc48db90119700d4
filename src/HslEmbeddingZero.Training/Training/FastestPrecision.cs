using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Which arithmetic trains a body fastest on this machine, found by trying it: what a processor is good at cannot be read off its name.</summary>
public static class FastestPrecision
{
    /// <summary>How many times faster bfloat16 must be to be chosen over float32, so that noise does not decide.</summary>
    public const double NeededSpeedup = 1.25;

    private const int TextSlots = 64;
    private const int TextBytes = 256;
    private const int Trials = 3;

    /// <summary>
    /// Times a few training steps on made-up text batches in float32 (TensorFloat32 on CUDA) and in bfloat16, after one to warm up. Takes seconds,
    /// and the memory of a model of this size.
    /// </summary>
    /// <param name="body">Size and make of the body.</param>
    /// <param name="device">Where it is to be trained; the CPU when null.</param>
    /// <returns>BFloat16 where its steps are at least <see cref="NeededSpeedup"/> times as fast; else TensorFloat32 on CUDA and Float32 elsewhere.</returns>
    public static Precision Find(ByteTransformerOptions body, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        Device place = device ?? CPU;
        Precision full = place.type == DeviceType.CUDA ? Precision.TensorFloat32 : Precision.Float32;
        return Seconds(body, full, place) >= NeededSpeedup * Seconds(body, Precision.BFloat16, place) ? Precision.BFloat16 : full;
    }

    private static double Seconds(ByteTransformerOptions options, Precision precision, Device device)
    {
        int batch = device.type == DeviceType.CUDA ? 12 : 2;
        ScalarType type = precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        Precisions.Use(precision);
        using var body = new ByteTransformer(options);
        body.to(type).to(device);
        using var flat = new FlatParameters(body);
        using var optimizer = new FusedAdamW(flat, new TrainerOptions());
        using Tensor slots = zeros([batch, TextSlots, options.Dim], type, device);
        using Tensor stream = zeros([batch, TextBytes, options.Dim], type, device);
        using Tensor targets = zeros([batch, TextBytes], ScalarType.Int64, device);
        List<double> seconds = [];
        for (int i = 0; i <= Trials; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using (NewDisposeScope())
            {
                LanguageModelLoss.NatsPerByte(body.forward(slots, stream), targets).backward();
                flat.CollectGradient();
                optimizer.Step(1e-4).Dispose();
                flat.PublishWeights();
                flat.ZeroGradient();
            }

            if (device.type == DeviceType.CUDA) cuda.synchronize(device);
            if (i > 0) seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return seconds.Order().ElementAt(Trials / 2);
    }
}

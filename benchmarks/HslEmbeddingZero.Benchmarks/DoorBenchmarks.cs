using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// Ids to slots and to stream positions, against filling an output of the same size (the floor: every output byte is written once) and against
/// the features computed channel by channel with tensor operations, as a plain tensor program would.
/// </summary>
public class DoorBenchmarks
{
    private Tensor _ids = null!;
    private Tensor _slots = null!;
    private Tensor _stream = null!;
    private ZeroDoor _door = null!;

    /// <summary>Rows of 512 bytes in the batch.</summary>
    [Params(36)]
    public int Batch { get; set; }

    [Params(8, 16)]
    public int BytesPerSlot { get; set; }

    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    public static string[] Devices => TryInitializeDeviceType(DeviceType.CUDA) ? ["cpu", "cuda"] : ["cpu"];

    [GlobalSetup]
    public void Prepare()
    {
        _ids = randint(0, 256, [Batch, 512], ScalarType.Byte).to(Device);
        _door = new ZeroDoor(BytesPerSlot, 512);
        _door.to(device(Device));
        _slots = _door.forward(_ids);
        _stream = _door.Stream(_ids);
    }

    [GlobalCleanup]
    public void Clean()
    {
        _ids.Dispose();
        _slots.Dispose();
        _stream.Dispose();
        _door.Dispose();
    }

    [Benchmark(Baseline = true, Description = "fill slots")]
    public void FillSlots() => Wait(_slots.fill_(1f));

    [Benchmark(Description = "zero door, slots")]
    public void Slots()
    {
        using Tensor slots = _door.forward(_ids);
        Wait(slots);
    }

    [Benchmark(Description = "channel by channel, slots")]
    public void SlotsByChannel()
    {
        using var scope = NewDisposeScope();
        Tensor rows = ChannelByChannel.Features(_ids).view(Batch, 512 / BytesPerSlot, 27 * BytesPerSlot);
        Wait(nn.functional.pad(rows, [0, 512 - 27 * BytesPerSlot]));
    }

    [Benchmark(Description = "fill stream")]
    public void FillStream() => Wait(_stream.fill_(1f));

    [Benchmark(Description = "zero door, stream")]
    public void Stream()
    {
        using Tensor stream = _door.Stream(_ids);
        Wait(stream);
    }

    [Benchmark(Description = "channel by channel, stream")]
    public void StreamByChannel()
    {
        using var scope = NewDisposeScope();
        Wait(nn.functional.pad(ChannelByChannel.Features(_ids), [0, 512 - 27]));
    }

    private void Wait(Tensor _)
    {
        if (Device == "cuda") cuda.synchronize();
    }
}

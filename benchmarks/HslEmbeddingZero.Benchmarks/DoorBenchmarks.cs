using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// Ids to slots and to stream positions. They are compared with filling an output of the same size (the floor: every output byte is written
/// once), with features that plain tensor operations compute channel by channel, and with a plain embedding. The learned doors are compared
/// with a gather and a matrix product of their size.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class DoorBenchmarks
{
    private const int Length = 512;
    private const int Dim = 512;

    private Tensor _ids = null!;
    private Tensor _slots = null!;
    private Tensor _stream = null!;
    private ZeroDoor _zero = null!;
    private ZeroDoor _standardized = null!;
    private ZeroDoor _coded = null!;
    private ProjectionDoor _projection = null!;
    private ByteEmbeddingDoor _embedding = null!;
    private Embedding _table = null!;
    private Embedding _plain = null!;
    private Tensor _copy = null!;
    private Linear _map = null!;

    /// <summary>Rows of 512 bytes in the batch.</summary>
    [ParamsSource(nameof(Batches))]
    public int Batch { get; set; } = 36;

    /// <summary>
    /// With CUDA also 576 rows: a device writes 36 rows in less time than a launch takes, so its bandwidth shows only with more.
    /// </summary>
    public static int[] Batches => BenchmarkDevices.All.Length > 1 ? [4, 36, 576] : [4, 36];

    [Params(8, 16)]
    public int BytesPerSlot { get; set; }

    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    public static string[] Devices => BenchmarkDevices.All;

    private nn.Module[] Modules => [_zero, _standardized, _coded, _projection, _embedding, _table, _plain, _map];

    [GlobalSetup]
    public void Prepare()
    {
        _ids = randint(0, 256, [Batch, Length], ScalarType.Byte).to(Device);
        _zero = new ZeroDoor(BytesPerSlot, Dim);
        _standardized = new ZeroDoor(BytesPerSlot, Dim, scaling: ChannelScaling.Standardized);
        _coded = new ZeroDoor(BytesPerSlot, Dim, scaling: ChannelScaling.Standardized, ngrams: new NgramCodes());
        _projection = new ProjectionDoor(BytesPerSlot, Dim);
        _embedding = new ByteEmbeddingDoor(BytesPerSlot, Dim);
        _table = nn.Embedding(256, HslFeatures.Dimension);
        _plain = nn.Embedding(ByteIds.Count, Dim);
        _map = nn.Linear(HslFeatures.Dimension * BytesPerSlot, Dim);
        foreach (nn.Module module in Modules) module.to(device(Device));
        _slots = _zero.forward(_ids);
        _stream = _zero.Stream(_ids);
        _copy = _stream.clone();
    }

    [GlobalCleanup]
    public void Clean()
    {
        foreach (IDisposable item in Modules.Concat<IDisposable>([_ids, _slots, _stream, _copy])) item.Dispose();
    }

    [BenchmarkCategory("slots"), Benchmark(Baseline = true, Description = "fill the same memory")]
    public void FillSlots() => Wait(_slots.fill_(1f));

    [BenchmarkCategory("slots"), Benchmark(Description = "fill new memory")]
    public void FillNewSlots()
    {
        using Tensor slots = empty_like(_slots);
        Wait(slots.fill_(1f));
    }

    [BenchmarkCategory("slots"), Benchmark(Description = "zero door")]
    public void Slots() => Forward(_zero);

    [BenchmarkCategory("slots"), Benchmark(Description = "zero door, into the same memory")]
    public void WriteSlots()
    {
        using IDisposable quiet = no_grad();
        _zero.WriteSlots(_ids, _slots);
        Wait(_slots);
    }

    [BenchmarkCategory("slots"), Benchmark(Description = "zero door, standardized")]
    public void StandardizedSlots() => Forward(_standardized);

    [BenchmarkCategory("slots"), Benchmark(Description = "channel by channel")]
    public void SlotsByChannel()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = ChannelByChannel.Features(_ids).view(Batch, Length / BytesPerSlot, HslFeatures.Dimension * BytesPerSlot);
        Wait(nn.functional.pad(rows, [0, Dim - rows.shape[^1]]));
    }

    [BenchmarkCategory("stream"), Benchmark(Baseline = true, Description = "fill the same memory")]
    public void FillStream() => Wait(_stream.fill_(1f));

    [BenchmarkCategory("stream"), Benchmark(Description = "fill new memory")]
    public void FillNewStream()
    {
        using Tensor stream = empty_like(_stream);
        Wait(stream.fill_(1f));
    }

    [BenchmarkCategory("stream"), Benchmark(Description = "copy from other memory")]
    public void CopyStream() => Wait(_stream.copy_(_copy));

    [BenchmarkCategory("stream"), Benchmark(Description = "torch.nn.Embedding")]
    public void PlainEmbedding()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable quiet = no_grad();
        Wait(_plain.forward(_ids.to(ScalarType.Int32)));
    }

    [BenchmarkCategory("stream"), Benchmark(Description = "zero door")]
    public void Stream()
    {
        using Tensor stream = _zero.Stream(_ids);
        Wait(stream);
    }

    [BenchmarkCategory("stream"), Benchmark(Description = "zero door, into the same memory")]
    public void WriteStream()
    {
        using IDisposable quiet = no_grad();
        _zero.WriteStream(_ids, _stream);
        Wait(_stream);
    }

    [BenchmarkCategory("stream"), Benchmark(Description = "zero door with n-gram codes")]
    public void CodedStream()
    {
        using Tensor stream = _coded.Stream(_ids);
        Wait(stream);
    }

    [BenchmarkCategory("stream"), Benchmark(Description = "zero door with n-gram codes, into the same memory")]
    public void WriteCodedStream()
    {
        using IDisposable quiet = no_grad();
        _coded.WriteStream(_ids, _stream);
        Wait(_stream);
    }

    [BenchmarkCategory("stream"), Benchmark(Description = "channel by channel")]
    public void StreamByChannel()
    {
        using DisposeScope scope = NewDisposeScope();
        Wait(nn.functional.pad(ChannelByChannel.Features(_ids), [0, Dim - HslFeatures.Dimension]));
    }

    [BenchmarkCategory("learned"), Benchmark(Baseline = true, Description = "gather and matrix product alone")]
    public void GatherAndProduct()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable quiet = no_grad();
        Tensor rows = _table.forward(_ids.to(ScalarType.Int32)).view(Batch, Length / BytesPerSlot, HslFeatures.Dimension * BytesPerSlot);
        Wait(_map.forward(rows));
    }

    [BenchmarkCategory("learned"), Benchmark(Description = "projection door")]
    public void Projection() => Forward(_projection);

    [BenchmarkCategory("learned"), Benchmark(Description = "byte embedding door")]
    public void ByteEmbedding() => Forward(_embedding);

    private void Forward(InputDoor door)
    {
        using IDisposable quiet = no_grad();
        using Tensor slots = door.forward(_ids);
        Wait(slots);
    }

    private void Wait(Tensor _) => BenchmarkDevices.Wait(Device);
}

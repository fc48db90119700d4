using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>NCCL itself needs GPUs. These tests run against the stand-in: the ranks are threads, the tensors are on the CPU.</summary>
[Collection(NcclStandIn.Name)]
public sealed class NcclGroupTests(NcclStandIn standIn)
{
    private const int Float32 = 7, Float64 = 8, UInt8 = 1; // of the public header

    [SkippableFact]
    public void All_ranks_join_with_all_128_bytes_of_the_id()
    {
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        NcclStandIn.OnRanks(3, rank =>
        {
            using NcclGroup group = Group(rank, 3, id);
            Assert.Equal((rank, 3), (group.Rank, group.Size));
        });

        NcclCall[] joined = [.. standIn.Calls.Where(call => call.Function == "ncclCommInitRank").OrderBy(call => call["rank"])];
        Assert.Equal([0, 1, 2], joined.Select(call => call["rank"]));
        Assert.All(joined, call => Assert.Equal(3, call["size"]));
        Assert.All(joined, call => Assert.Equal(Convert.ToHexStringLower(id), call.Arguments["id"]));
        Assert.Equal(128, id.Distinct().Count()); // so that none can stand for another
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, Float32)]
    [InlineData(ScalarType.Float64, Float64)]
    public void A_sum_is_one_call_in_place_on_the_default_stream(ScalarType type, int expectedType)
    {
        standIn.Reset();
        using DisposeScope scope = NewDisposeScope();
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId());
        Tensor buffer = zeros(100, type, CPU);
        Tensor part = buffer.narrow(0, 30, 50).view(5, 10);
        group.AllReduce(part);

        NcclCall call = Assert.Single(standIn.Calls, call => call.Function == "ncclAllReduce");
        Assert.Equal(TensorPointer.Of(buffer) + (30 * buffer.element_size()), call["send"]);
        Assert.Equal(call["send"], call["receive"]);
        Assert.Equal((50, expectedType, 0, 0), (call["count"], call["type"], call["operation"], call["stream"]));
    }

    [SkippableTheory]
    [InlineData(2, ScalarType.Float32)]
    [InlineData(3, ScalarType.Float32)]
    [InlineData(3, ScalarType.Float64)]
    public void A_sum_replaces_the_values_on_every_rank(int size, ScalarType type)
    {
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        NcclStandIn.OnRanks(size, rank =>
        {
            using DisposeScope scope = NewDisposeScope();
            using NcclGroup group = Group(rank, size, id);
            Tensor values = arange(0, 1000, type, CPU).mul_(rank + 1);
            group.AllReduce(values);
            Tensor expected = arange(0, 1000, type, CPU).mul_(size * (size + 1) / 2);
            Assert.True(values.equal(expected).all().item<bool>());
        });
    }

    [SkippableTheory]
    [InlineData(1, ScalarType.Float32)]
    [InlineData(63, ScalarType.Float32)]
    [InlineData(64, ScalarType.Float32)] // 256 bytes: one piece exactly
    [InlineData(65, ScalarType.Float32)]
    [InlineData(1000, ScalarType.Float32)]
    [InlineData(1000, ScalarType.Float64)]
    public void A_sum_in_rank_order_has_the_bits_of_adding_one_rank_after_the_other(int count, ScalarType type)
    {
        const int Size = 3;
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        using DisposeScope outer = NewDisposeScope();
        // A large, its negative and a small number: the small one survives only if it is added last, or is lost if it is not.
        Tensor[] given = [.. Enumerable.Range(0, Size).Select(rank => ValuesOf(rank, count, type))];
        Tensor expected = given[0].add(given[1]).add(given[2]);
        Tensor otherOrder = given[2].add(given[1]).add(given[0]);
        Assert.False(expected.equal(otherOrder).all().item<bool>());

        bool[] areEqual = new bool[Size], isChosen = new bool[Size];
        NcclStandIn.OnRanks(Size, rank =>
        {
            using DisposeScope scope = NewDisposeScope();
            using NcclGroup group = Group(rank, Size, id, pieceBytes: 256);
            Tensor values = given[rank].clone();
            group.AllReduce(values, inRankOrder: true);
            areEqual[rank] = values.equal(expected).all().item<bool>();
            Tensor byLibrary = given[rank].clone();
            group.AllReduce(byLibrary);
            isChosen[rank] = byLibrary.equal(otherOrder).all().item<bool>();
        });
        Assert.Equal([true, true, true], areEqual);
        Assert.Equal([true, true, true], isChosen); // the stand-in adds the other way round

        long perPiece = 256 / given[0].element_size();
        NcclCall[] gathered = [.. standIn.Calls.Where(call => call.Function == "ncclAllGather" && call["rank"] == 1)];
        Assert.Equal((count + perPiece - 1) / perPiece, gathered.Length);
        Assert.Equal(count, gathered.Sum(call => call["count"]));
        Assert.All(gathered, call => Assert.InRange(call["count"], 1, perPiece));
        Assert.All(gathered, call => Assert.Equal((type == ScalarType.Float32 ? Float32 : Float64, 0), (call["type"], call["stream"])));
        Assert.All(gathered, call => Assert.Equal(gathered[0]["receive"], call["receive"])); // one scratch buffer
    }

    [SkippableFact]
    public void A_sum_in_rank_order_keeps_the_rest_of_the_buffer()
    {
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        NcclStandIn.OnRanks(2, rank =>
        {
            using DisposeScope scope = NewDisposeScope();
            using NcclGroup group = Group(rank, 2, id, pieceBytes: 256);
            Tensor buffer = full([300], rank + 1, ScalarType.Float32, CPU);
            group.AllReduce(buffer.narrow(0, 50, 200).view(10, 20), inRankOrder: true);
            Assert.True(buffer.narrow(0, 50, 200).eq(3).all().item<bool>());
            Assert.True(buffer.narrow(0, 0, 50).eq(rank + 1).all().item<bool>());
            Assert.True(buffer.narrow(0, 250, 50).eq(rank + 1).all().item<bool>());
        });
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 4)]
    [InlineData(ScalarType.BFloat16, 2)]
    [InlineData(ScalarType.Int64, 8)]
    [InlineData(ScalarType.Byte, 1)]
    [InlineData(ScalarType.Bool, 1)]
    public void The_values_of_rank_0_arrive_everywhere_as_bytes(ScalarType type, int bytes)
    {
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        NcclStandIn.OnRanks(3, rank =>
        {
            using DisposeScope scope = NewDisposeScope();
            using NcclGroup group = Group(rank, 3, id);
            Tensor ofRank0 = arange(0, 77, ScalarType.Int64, CPU).remainder(2).to(type);
            Tensor values = rank == 0 ? ofRank0.clone() : zeros(77, type, CPU);
            group.Broadcast(values);
            Assert.True(values.eq(ofRank0).all().item<bool>());
        });
        NcclCall[] calls = [.. standIn.Calls.Where(call => call.Function == "ncclBroadcast")];
        Assert.Equal(3, calls.Length);
        Assert.All(calls, call => Assert.Equal((77 * bytes, UInt8, 0, 0), (call["count"], call["type"], call["root"], call["stream"])));
        Assert.All(calls, call => Assert.Equal(call["send"], call["receive"]));
    }

    [SkippableFact]
    public void Nothing_is_sent_for_an_empty_tensor()
    {
        standIn.Reset();
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId());
        using Tensor none = zeros(0, ScalarType.Float32, CPU);
        group.AllReduce(none);
        group.AllReduce(none, inRankOrder: true);
        group.Broadcast(none);
        Assert.DoesNotContain(standIn.Calls, call => call.Function is "ncclAllReduce" or "ncclAllGather" or "ncclBroadcast");
    }

    [SkippableFact]
    public void A_tensor_that_cannot_be_exchanged_is_refused_in_one_line()
    {
        standIn.Reset();
        using DisposeScope scope = NewDisposeScope();
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId());
        Tensor halves = zeros(4, ScalarType.Float16, CPU);
        Tensor columns = zeros([4, 4], ScalarType.Float32, CPU).t();
        Tensor elsewhere = zeros(4, ScalarType.Float32, device("meta"));
        Tensor sparse = ones([2, 2], ScalarType.Float32, CPU).to_sparse();
        Assert.StartsWith("values is Float16; a sum over ranks takes Float32 or Float64.", Refused(() => group.AllReduce(halves)),
            StringComparison.Ordinal);
        Assert.StartsWith("values is not contiguous", Refused(() => group.AllReduce(columns)), StringComparison.Ordinal);
        Assert.StartsWith("values is not contiguous", Refused(() => group.Broadcast(sparse)), StringComparison.Ordinal);
        Assert.StartsWith("values is on meta", Refused(() => group.Broadcast(elsewhere)), StringComparison.Ordinal);
        Assert.Single(standIn.Calls, call => call.Function != "ncclGetUniqueId"); // only the join
    }

    [Fact]
    public void A_group_needs_the_first_GPU_of_the_process()
    {
        foreach (Device device in new[] { CPU, new Device(DeviceType.CUDA, 1) })
        {
            string message = Refused(() => NcclGroup.Join(0, 2, device, _ => Assert.Fail("No id is needed.")));
            Assert.StartsWith($"device is {device}; NCCL needs cuda:0", message, StringComparison.Ordinal);
        }
    }

    [SkippableTheory]
    [InlineData("ncclAllReduce")]
    [InlineData("ncclAllGather")]
    [InlineData("ncclBroadcast")]
    public void A_failed_call_is_told_with_call_rank_and_the_words_of_NCCL(string call)
    {
        standIn.Reset();
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId());
        using Tensor values = ones(4, ScalarType.Float32, CPU);
        standIn.Fail(call, 5, "first line\nsecond line");
        string message = Assert.Throws<ProcessGroupException>(() =>
        {
            if (call == "ncclBroadcast") group.Broadcast(values);
            else group.AllReduce(values, inRankOrder: call == "ncclAllGather");
        }).Message;
        Assert.Equal($"{call} failed on rank 0: invalid usage (code 5). The last error of NCCL: first line second line", message);
    }

    [SkippableFact]
    public void A_group_that_NCCL_refuses_is_not_joined()
    {
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        standIn.Fail("ncclCommInitRank", 5, "Duplicate GPU detected");
        string message = Assert.Throws<ProcessGroupException>(() => Group(1, 2, id)).Message;
        Assert.Equal("ncclCommInitRank failed on rank 1: invalid usage (code 5). The last error of NCCL: Duplicate GPU detected", message);
        standIn.Fail("ncclGetUniqueId", 2);
        Assert.StartsWith("ncclGetUniqueId failed on rank 0", Assert.Throws<ProcessGroupException>(standIn.Library.CreateId).Message,
            StringComparison.Ordinal);
    }

    [SkippableFact]
    public void An_error_that_arrives_later_ends_the_group_at_the_next_call()
    {
        standIn.Reset();
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId());
        using Tensor values = ones(4, ScalarType.Float32, CPU);
        standIn.FailLater(7); // in progress: no error
        group.AllReduce(values);
        standIn.FailLater(6);
        string message = Assert.Throws<ProcessGroupException>(() => group.AllReduce(values)).Message;
        Assert.StartsWith("ncclAllReduce: work between the ranks failed on rank 0: remote error (code 6).", message,
            StringComparison.Ordinal);
        Assert.Single(standIn.Calls, call => call.Function == "ncclCommAbort");
        Assert.Throws<InvalidOperationException>(() => group.AllReduce(values));
    }

    [SkippableFact]
    public void Completing_meets_the_others_and_leaves_the_library_once()
    {
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        int waits = 0;
        NcclStandIn.OnRanks(2, rank =>
        {
            using NcclGroup group = Group(rank, 2, id, waitForDevice: () => Interlocked.Increment(ref waits));
            using Tensor values = ones(4, ScalarType.Float32, CPU);
            group.Complete();
            group.Complete();
            Assert.Throws<InvalidOperationException>(() => group.AllReduce(values));
            group.LeaveIncomplete(null, EventArgs.Empty); // the end of the process: nothing is open
        });
        Assert.Equal(2, waits);
        Assert.Equal(["ncclCommInitRank", "ncclAllReduce", "ncclCommFinalize", "ncclCommDestroy"],
            standIn.Calls.Where(call => call.Arguments.GetValueOrDefault("rank") == "1").Select(call => call.Function));
    }

    [SkippableFact]
    public void An_older_library_completes_without_finalizing()
    {
        standIn.Reset();
        var library = NcclLibrary.Find(standIn.OldFile, null, null);
        using NcclGroup group = new(library, 0, 1, CPU, library.CreateId()) { WaitForDevice = () => { } };
        group.Complete();
        using Tensor values = ones(4, ScalarType.Float32, CPU);
        Assert.Throws<InvalidOperationException>(() => group.Broadcast(values));
    }

    [SkippableFact]
    public void An_error_ends_the_wait_for_a_device_that_waits_for_a_lost_rank()
    {
        standIn.Reset();
        using ManualResetEventSlim never = new();
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId(), waitForDevice: () =>
        {
            standIn.FailLater(6);
            never.Wait(TimeSpan.FromSeconds(30));
        });
        long start = Stopwatch.GetTimestamp();
        string message = Assert.Throws<ProcessGroupException>(group.Complete).Message;
        Assert.Contains("remote error", message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10));
        Assert.Single(standIn.Calls, call => call.Function == "ncclCommAbort");
        Assert.DoesNotContain(standIn.Calls, call => call.Function == "ncclCommDestroy");
        never.Set();
    }

    [SkippableFact]
    public void Disposing_without_completing_aborts_and_releases_the_others()
    {
        standIn.Reset();
        byte[] id = standIn.Library.CreateId();
        Exception? thrown = null;
        NcclStandIn.OnRanks(2, rank =>
        {
            NcclGroup group = Group(rank, 2, id);
            using Tensor values = ones(4, ScalarType.Float32, CPU);
            if (rank == 0) thrown = Record.Exception(() => group.AllReduce(values)); // waits for rank 1
            group.Dispose();
            group.Dispose();
            Assert.Throws<ObjectDisposedException>(() => group.AllReduce(values));
            Assert.Throws<ObjectDisposedException>(group.Complete);
        });
        Assert.Contains("ncclAllReduce failed on rank 0: remote error", Assert.IsType<ProcessGroupException>(thrown).Message,
            StringComparison.Ordinal);
        Assert.Equal(2, standIn.Calls.Count(call => call.Function == "ncclCommAbort"));
    }

    [SkippableFact]
    public void A_hanging_abort_does_not_hold_up_the_program()
    {
        standIn.Reset();
        List<int> codes = [];
        NcclGroup group = Group(0, 1, standIn.Library.CreateId(), leave: codes.Add);
        standIn.HangInAbort(seconds: 20);
        long start = Stopwatch.GetTimestamp();
        group.Abort();
        group.Dispose();
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15));
        Assert.Equal([1], codes);
    }

    [SkippableFact]
    public void Aborting_leaves_the_process_with_an_error()
    {
        standIn.Reset();
        List<int> codes = [];
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId(), leave: codes.Add);
        group.Abort();
        Assert.Equal([1], codes);
        Assert.Single(standIn.Calls, call => call.Function == "ncclCommAbort");
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_process_that_ends_without_completing_ends_with_an_error(bool isDisposed)
    {
        standIn.Reset();
        List<int> codes = [];
        using NcclGroup group = Group(0, 1, standIn.Library.CreateId(), leave: codes.Add);
        if (isDisposed) group.Dispose();
        group.LeaveIncomplete(null, EventArgs.Empty);
        Assert.Equal([1], codes);
        Assert.Single(standIn.Calls, call => call.Function == "ncclCommAbort");
    }

    private NcclGroup Group(int rank, int size, byte[] id, long pieceBytes = 4 << 20, Action? waitForDevice = null,
        Action<int>? leave = null) => new(standIn.Library, rank, size, CPU, id)
        {
            PieceBytes = pieceBytes,
            WaitForDevice = waitForDevice ?? (() => { }),
            Leave = leave ?? (code => Assert.Fail($"The process would end with {code}.")),
        };

    private static string Refused(Action call)
    {
        string message = Assert.Throws<ArgumentException>(call).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static Tensor ValuesOf(int rank, int count, ScalarType type)
    {
        double huge = type == ScalarType.Float32 ? 1e8 : 1e17;
        using Tensor small = arange(1, count + 1, type, CPU);
        return rank switch { 0 => full([count], huge, type, CPU), 1 => full([count], -huge, type, CPU), _ => small.clone() };
    }
}

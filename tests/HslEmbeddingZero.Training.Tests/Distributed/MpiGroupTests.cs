using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>
/// Real ranks, as processes of OpenMPI and of MPICH. What a step of HslEmbeddingZero.Ranks promises is checked in the ranks.
/// </summary>
[Collection(MpiRun.Collection)]
public sealed class MpiGroupTests
{
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(30);

    public static TheoryData<string, int> Groups => new()
    {
        { MpiRun.OpenMpi, 2 }, { MpiRun.OpenMpi, 3 }, { MpiRun.OpenMpi, 4 }, { MpiRun.Mpich, 2 }, { MpiRun.Mpich, 3 }, { MpiRun.Mpich, 4 },
    };

    public static TheoryData<string> Launchers => new(MpiRun.OpenMpi, MpiRun.Mpich);

    [SkippableTheory]
    [MemberData(nameof(Groups))]
    public void Ranks_sum_and_broadcast_to_the_last_bit(string mpirun, int ranks) =>
        AssertAllDone(MpiRun.Run(mpirun, ranks, "sum", "ordered", "broadcast"), ranks, "sum", "ordered", "broadcast");

    [SkippableTheory]
    [MemberData(nameof(Launchers))]
    public void Wrong_calls_are_refused_and_the_group_goes_on(string mpirun)
    {
        using TemporaryFolder folder = new();
        string threads = $"threads={folder.PathOf("signal")}";
        AssertAllDone(MpiRun.Run(mpirun, 2, "refusals", threads, "null", "sum", "after"), 2, "refusals", threads, "null", "sum", "after");
    }

    /// <summary>Ranks with a GPU each, which mpirun started. Only the group of the GPUs is a stand-in.</summary>
    [SkippableTheory]
    [MemberData(nameof(Launchers))]
    public void The_id_of_NCCL_goes_from_rank_0_to_all_through_MPI(string mpirun)
    {
        MpiResult result = MpiRun.Run(mpirun, 2, "nccl-id");
        Assert.Equal(0, result.ExitCode);
        string id = Convert.ToHexStringLower([.. Enumerable.Range(0, NcclUniqueId.Length).Select(i => (byte)(255 - i))]);
        for (int rank = 0; rank < 2; rank++)
        {
            Assert.Contains(
                $"rank {rank} of 2: id {id}, sum of 3 True, broadcast of 3, complete, dispose", result.Output, StringComparison.Ordinal);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Launchers))]
    public void One_rank_alone_needs_no_group(string mpirun)
    {
        MpiResult result = MpiRun.Run(mpirun, 1, "sum");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("alone", result.Output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(MpiRun.OpenMpi, "exit0", 1)]
    [InlineData(MpiRun.OpenMpi, "exit3", 3)]
    [InlineData(MpiRun.OpenMpi, "throw", null)]
    [InlineData(MpiRun.OpenMpi, "crash", null)]
    [InlineData(MpiRun.OpenMpi, "abort", 1)]
    [InlineData(MpiRun.OpenMpi, "abort-waiting", 1)]
    [InlineData(MpiRun.Mpich, "exit0", 1)]
    [InlineData(MpiRun.Mpich, "exit3", 3)]
    [InlineData(MpiRun.Mpich, "throw", null)]
    [InlineData(MpiRun.Mpich, "crash", null)]
    [InlineData(MpiRun.Mpich, "abort", 1)]
    [InlineData(MpiRun.Mpich, "abort-waiting", 1)]
    public void A_rank_that_ends_early_ends_all_within_seconds(string mpirun, string end, int? exitCode)
    {
        using var run = MpiRun.Start(mpirun, 3, end);
        MpiResult result = run.Finish();
        Assert.NotEqual(0, result.ExitCode);
        if (exitCode is { } code) Assert.Equal(code, result.ExitCode);
        Assert.True(result.Elapsed < Seconds, $"It took {result.Elapsed}.");
        Assert.DoesNotContain("took part", result.Text, StringComparison.Ordinal);
        if (end == "exit0")
            Assert.Contains("error: rank 1 of 3 ends before the work of the group is complete.", result.Text, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Launchers))]
    public void A_library_that_is_not_there_or_none_of_MPI_is_named_in_one_line(string mpirun)
    {
        AssertFails(MpiRun.RunWith(Library("/nowhere/libmpi.so"), mpirun, 2),
            "error: HSL_MPI_LIB is '/nowhere/libmpi.so', but there is no such file. Set it to the path of an MPI library.");
        AssertFails(MpiRun.RunWith(Library("libm.so.6"), mpirun, 2),
            "error: 'libm.so.6' is no MPI library, because it has no MPI_Init_thread. Set HSL_MPI_LIB to the path of one.");
        AssertFails(MpiRun.RunWith(Library(Path.Combine(AppContext.BaseDirectory, "HslEmbeddingZero.Ranks.dll")), mpirun, 2),
            "HslEmbeddingZero.Ranks.dll', which does not load. Set it to the path of an MPI library. The loader says: ");
    }

    [SkippableTheory]
    [InlineData(MpiRun.OpenMpi, "libmpich.so.12")]
    [InlineData(MpiRun.Mpich, "libmpi.so.40")]
    public void The_library_of_another_launcher_is_refused_with_both_numbers(string mpirun, string library)
    {
        Skip.IfNot(System.Runtime.InteropServices.NativeLibrary.TryLoad(library, out _), $"{library} is not installed.");
        MpiResult result = MpiRun.RunWith(Library(library), mpirun, 3);
        AssertFails(result, $"of 3, but '{library}' (");
        AssertFails(result, "says rank 0 of 1. Start with the mpirun of that library");
    }

    [SkippableTheory]
    [MemberData(nameof(Launchers))]
    public void Each_rank_sees_its_own_GPU(string mpirun)
    {
        MpiResult chosen = MpiRun.RunWith(new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "5,GPU-7a" }, mpirun, 2, "gpu");
        Assert.Equal(0, chosen.ExitCode);
        Assert.Contains("rank 0 of 2, 0 of 2 here: GPU 5\n", chosen.Output, StringComparison.Ordinal);
        Assert.Contains("rank 1 of 2, 1 of 2 here: GPU GPU-7a\n", chosen.Output, StringComparison.Ordinal);

        MpiResult tooMany = MpiRun.RunWith(new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "5,6" }, mpirun, 3, "gpu");
        AssertFails(tooMany, "error: CUDA_VISIBLE_DEVICES is '5,6', which has 2 GPUs, but rank 2 is number 2 on this machine");
    }

    [Fact]
    public void Variables_of_torchrun_start_no_group_on_CPUs()
    {
        MpiResult result = MpiRun.RunAlone(new Dictionary<string, string>
        {
            ["RANK"] = "1",
            ["WORLD_SIZE"] = "4",
            ["MASTER_ADDR"] = "localhost",
            ["MASTER_PORT"] = "29500",
        });
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("error: RANK and WORLD_SIZE say that this is rank 1 of 4, but ranks on CPUs exchange by MPI. "
            + "Start with mpirun -n 4 and without these variables.\n", result.Error);
    }

    private static Dictionary<string, string> Library(string path) => new() { [MpiLibrary.PathVariable] = path };

    private static void AssertAllDone(MpiResult result, int ranks, params string[] steps)
    {
        Assert.True(result.ExitCode == 0, $"Exit code {result.ExitCode}.\n{result.Text}");
        foreach (string step in steps)
        {
            for (int rank = 0; rank < ranks; rank++)
                Assert.Contains($"rank {rank} of {ranks}: {step} done\n", result.Output, StringComparison.Ordinal);
        }
    }

    private static void AssertFails(MpiResult result, string message)
    {
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Text, StringComparison.Ordinal);
        Assert.True(result.Elapsed < Seconds, $"It took {result.Elapsed}.");
    }
}

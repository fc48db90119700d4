using System.Diagnostics;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>What a group does where MPI fails. A library of the tests' own, compiled from C, fails as it is told by variables.</summary>
[Collection(MpiRun.Collection)]
public sealed class MpiStandInTests : IDisposable
{
    /// <summary>The functions with the binary interface of MPICH, where handles are ints.</summary>
    private const string Source = """
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        static int number(const char *name, int otherwise) { const char *text = getenv(name); return text ? atoi(text) : otherwise; }

        int MPI_Get_library_version(char *text, int *length) { strcpy(text, getenv("STANDIN_VERSION")); *length = strlen(text); return 0; }
        int MPI_Initialized(int *flag) { *flag = number("STANDIN_STARTED", 0); return 0; }
        int MPI_Init_thread(void *argc, void *argv, int wanted, int *given) { *given = number("STANDIN_THREADS", wanted); return 0; }
        int MPI_Comm_rank(int group, int *rank) { *rank = number("PMI_RANK", 0); return 0; }
        int MPI_Comm_size(int group, int *size) { *size = number("PMI_SIZE", 1); return 0; }
        int MPI_Comm_set_errhandler(int group, int handler) { return group == 0x44000000 && handler == 0x54000001 ? 0 : 5; }
        int MPI_Error_string(int code, char *text, int *length) { strcpy(text, "it is\nbroken"); *length = strlen(text); return 0; }
        int MPI_Allreduce(void *from, void *to, int count, int type, int sum, int group) { return number("STANDIN_CODE", 0); }
        int MPI_Alltoall(void *from, int n, int type, void *to, int m, int other, int group) { return 0; }
        int MPI_Allgather(void *from, int n, int type, void *to, int m, int other, int group) { return 0; }
        int MPI_Bcast(void *values, int count, int type, int root, int group) { return 0; }
        int MPI_Barrier(int group) { return 0; }
        int MPI_Abort(int group, int code) { if (!number("STANDIN_STAYS", 0)) _exit(code); return 0; }
        int MPI_Finalize(void) { return 0; }
        """;

    private readonly TemporaryFolder _folder = new();

    [SkippableFact]
    public void A_call_that_fails_names_call_rank_code_and_the_library_s_text()
    {
        MpiResult result = Run("sum", "STANDIN_VERSION=MPICH Version:\t4.9", "STANDIN_CODE=17");
        Assert.Equal("error: MPI_Allreduce failed on rank 1 of 2 with code 17: it is broken\n", result.Error);
        Assert.Equal(1, result.ExitCode);
    }

    [SkippableFact]
    public void A_library_of_an_unknown_kind_is_refused_with_path_and_text()
    {
        MpiResult result = Run("sum", "STANDIN_VERSION=Some MPI 1.0\nof a vendor");
        Assert.Equal($"error: The MPI library '{_folder.PathOf("standin.so")}' is of an unknown kind: 'Some MPI 1.0'. "
            + "Set HSL_MPI_LIB to the path of OpenMPI, MPICH, Intel MPI, MVAPICH or MS-MPI.\n", result.Error);
        Assert.Equal(1, result.ExitCode);
    }

    [SkippableTheory]
    [InlineData("Intel(R) MPI Library 2021.10 for Linux* OS")]
    [InlineData("MVAPICH2 Version      :\t2.3.7")]
    [InlineData("MPI VERSION    : CRAY MPICH version 8.1.25.17 (ANL base 3.4a2)")]
    [InlineData("Microsoft MPI 10.1.12498.18")]
    public void Relatives_of_MPICH_are_known(string version)
    {
        MpiResult result = Run("null", $"STANDIN_VERSION={version}");
        Assert.True(result.ExitCode == 0, result.Text);
        Assert.Contains("rank 1 of 2: null done", result.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_library_without_threads_is_refused()
    {
        MpiResult result = Run("sum", "STANDIN_VERSION=MPICH Version:\t4.9", "STANDIN_THREADS=1");
        Assert.Contains("(MPICH Version: 4.9) gives thread level 1; it must be 2 (MPI_THREAD_SERIALIZED) or more.", result.Error,
            StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [SkippableFact]
    public void MPI_that_other_code_has_started_is_left_alone()
    {
        MpiResult result = Run("sum", "STANDIN_VERSION=MPICH Version:\t4.9", "STANDIN_STARTED=1");
        Assert.Contains("Other code has started MPI", result.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, result.ExitCode);
    }

    [SkippableTheory]
    [InlineData("abort")]
    [InlineData("exit0")]
    public void A_process_leaves_also_where_MPI_Abort_returns(string end)
    {
        MpiResult result = Run(end, "STANDIN_VERSION=MPICH Version:\t4.9", "STANDIN_STAYS=1");
        Assert.NotEqual(0, result.ExitCode);
        Assert.DoesNotContain("took part", result.Text, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Runs rank 1 of 2, which exists alone.</summary>
    private MpiResult Run(string step, params string[] variables)
    {
        var environment = variables.Append($"{MpiLibrary.PathVariable}={Compile()}").Append("PMI_RANK=1")
            .Append("PMI_SIZE=2").Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return MpiRun.RunAlone(environment, step);
    }

    private string Compile()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists("/usr/bin/cc"), "There is no C compiler.");
        string source = _folder.Write("standin.c", Source), library = _folder.PathOf("standin.so");
        using var compiler = Process.Start("/usr/bin/cc", ["-shared", "-fPIC", "-w", "-o", library, source]);
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
        return library;
    }
}

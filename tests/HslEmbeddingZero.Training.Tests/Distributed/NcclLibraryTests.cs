using System.Reflection;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Distributed;

[Collection(NcclStandIn.Name)]
public sealed class NcclLibraryTests(NcclStandIn standIn)
{
    [Fact]
    public void Every_function_has_the_types_of_the_public_header()
    {
        FieldInfo[] fields = [.. typeof(NcclLibrary).GetFields(BindingFlags.Public | BindingFlags.Instance)];
        string[] names = [.. fields.Select(field => "nccl" + field.Name).Order()];
        Assert.Equal(NcclPrototypes.Functions.Select(function => function.Name).Order(), names);
        foreach (NcclPrototypes.Prototype expected in NcclPrototypes.Functions)
        {
            Type actual = fields.Single(field => "nccl" + field.Name == expected.Name).FieldType;
            Assert.True(actual.IsUnmanagedFunctionPointer, expected.Name);
            Assert.Equal(NcclPrototypes.Passing(expected.Returns), actual.GetFunctionPointerReturnType());
            Assert.Equal(expected.Parameters.Select(NcclPrototypes.Passing), actual.GetFunctionPointerParameterTypes());
        }
    }

    [Fact]
    public unsafe void Every_value_is_that_of_the_public_header()
    {
        Assert.Equal(NcclPrototypes.UniqueIdBytes, sizeof(NcclUniqueId));
        foreach ((string name, int value) in new[]
        {
            ("ncclSuccess", NcclLibrary.Success), ("ncclInProgress", NcclLibrary.InProgress), ("ncclUint8", NcclLibrary.UInt8),
            ("ncclFloat32", NcclLibrary.Float32), ("ncclFloat64", NcclLibrary.Float64), ("ncclSum", NcclLibrary.Sum),
        })
        {
            Assert.Equal((name, NcclPrototypes.Values[name]), (name, value));
        }
    }

    [SkippableFact]
    public unsafe void The_named_file_is_loaded_with_all_its_functions()
    {
        standIn.Reset();
        var library = NcclLibrary.Find(standIn.File, null, null);
        Assert.Equal(standIn.File, library.File);
        Assert.Equal("2.30.7", library.Version);
        Assert.True(library.CommFinalize != null);
        Assert.True(library.GetLastError != null);
    }

    [SkippableFact]
    public unsafe void An_older_library_lacks_only_what_can_be_missed()
    {
        standIn.Reset();
        var library = NcclLibrary.Find(standIn.OldFile, null, null);
        Assert.True(library.CommFinalize == null);
        Assert.True(library.GetLastError == null);
        ProcessGroupException error = library.Failure("ncclAllReduce", 5, 1);
        Assert.Equal("ncclAllReduce failed on rank 1: invalid usage (code 5).", error.Message);
    }

    [Fact]
    public void A_named_file_that_is_missing_is_told_in_one_line()
    {
        string message = Assert.Throws<ProcessGroupException>(() => NcclLibrary.Find("/no/such/libnccl.so.2", "/torch/lib", null)).Message;
        Assert.StartsWith("HSL_NCCL_LIB is '/no/such/libnccl.so.2', which does not load.", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [SkippableFact]
    public void A_named_file_that_is_another_library_is_told_in_one_line()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The other library is libc.so.6.");
        // A path, so that the argument is no name for the loader.
        string libc = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1]).First(path => path.Contains("libc.so.6"));
        string message = Assert.Throws<ProcessGroupException>(() => NcclLibrary.Find(libc, null, null)).Message;
        Assert.StartsWith($"'{libc}' has no function ncclGetVersion,", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [SkippableFact]
    public void It_is_found_beside_a_Python_libtorch()
    {
        standIn.Reset();
        SkipIfInstalled();
        using TemporaryFolder packages = new();
        string torch = packages.Make("torch/lib");
        File.Copy(standIn.File, Path.Combine(packages.Make("nvidia/nccl/lib"), "libnccl.so.2"));
        Assert.Equal(packages.PathOf("nvidia/nccl/lib/libnccl.so.2"), NcclLibrary.Find(null, torch, null).File);
    }

    [SkippableFact]
    public void It_is_found_in_the_folder_of_libtorch_and_inside_of_libtorch()
    {
        standIn.Reset();
        SkipIfInstalled();
        using TemporaryFolder folder = new();
        File.Copy(standIn.File, folder.PathOf("libtorch_cuda.so"));
        Assert.Equal(folder.PathOf("libtorch_cuda.so"), NcclLibrary.Find(" ", folder.FullName, folder.PathOf("libtorch_cuda.so")).File);
        File.Copy(standIn.File, folder.PathOf("libnccl.so.2"));
        Assert.Equal(folder.PathOf("libnccl.so.2"), NcclLibrary.Find("", folder.FullName, folder.PathOf("libtorch_cuda.so")).File);
    }

    [SkippableFact]
    public void If_there_is_none_the_message_names_the_places_and_what_to_do()
    {
        SkipIfInstalled();
        string message = Assert.Throws<ProcessGroupException>(() => NcclLibrary.Find(null, "/packages/torch/lib", null)).Message;
        Assert.Contains("/packages/nvidia/nccl/lib/libnccl.so.2", message, StringComparison.Ordinal);
        Assert.Contains("libtorch_cuda.so is not loaded", message, StringComparison.Ordinal);
        Assert.Contains("set HSL_NCCL_LIB", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static void SkipIfInstalled()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "NCCL is for Linux.");
        bool isInstalled = System.Runtime.InteropServices.NativeLibrary.TryLoad("libnccl.so.2", out _);
        Skip.If(isInstalled, "The system has NCCL, which is found first.");
    }
}

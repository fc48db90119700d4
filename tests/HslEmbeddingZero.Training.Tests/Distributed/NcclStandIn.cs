using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>
/// Stands in for NCCL where there is no GPU: a library with NCCL's functions, compiled from nccl_stand_in.c, whose ranks are threads of
/// this process. All tests that use it share its log, so they run one after the other.
/// </summary>
public sealed unsafe class NcclStandIn : IDisposable
{
    public const string Name = "NCCL stand-in";

    private readonly TemporaryFolder _folder = new();

    public NcclStandIn()
    {
        _folder.Write("nccl_prototypes.h", NcclPrototypes.Header());
        using Stream source = typeof(NcclStandIn).Assembly.GetManifestResourceStream("nccl_stand_in.c")!;
        using StreamReader reader = new(source);
        _folder.Write("nccl_stand_in.c", reader.ReadToEnd());
        Unavailable = Compile("libnccl_stand_in.so") ?? Compile("libnccl_old.so", "-DOLD");
        if (Unavailable is null) Call("stand_in_reset");
    }

    /// <summary>Why there is no stand-in; null if there is one.</summary>
    public string? Unavailable { get; }

    /// <summary>Path of the library.</summary>
    public string File => _folder.PathOf("libnccl_stand_in.so");

    /// <summary>Path of a library without the functions that came later than NCCL 2.4.</summary>
    public string OldFile => _folder.PathOf("libnccl_old.so");

    /// <summary>The calls since the last <see cref="Reset"/>, in order.</summary>
    internal IReadOnlyList<NcclCall> Calls => Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("stand_in_log"))())!
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(NcclCall.Parse).ToArray();

    internal NcclLibrary Library => NcclLibrary.Find(File, null, null);

    /// <summary>Skips the test if there is no stand-in; forgets all calls and orders.</summary>
    public void Reset()
    {
        Skip.If(Unavailable is not null, Unavailable);
        Call("stand_in_reset");
    }

    /// <summary>From now on, a function returns this result and does nothing.</summary>
    public void Fail(string call, int result, string lastError = "")
    {
        fixed (byte* name = System.Text.Encoding.ASCII.GetBytes(call + "\0"), error = System.Text.Encoding.ASCII.GetBytes(lastError + "\0"))
            ((delegate* unmanaged<byte*, int, byte*, void>)Export("stand_in_fail"))(name, result, error);
    }

    /// <summary>From now on, the communicators tell of this error.</summary>
    public void FailLater(int result) => ((delegate* unmanaged<int, void>)Export("stand_in_set_async_error"))(result);

    /// <summary>From now on, ncclCommAbort takes so long.</summary>
    public void HangInAbort(int seconds) => ((delegate* unmanaged<int, void>)Export("stand_in_set_abort_seconds"))(seconds);

    /// <summary>Runs every rank on a thread of its own, and throws what the first of them throws.</summary>
    public static void OnRanks(int size, Action<int> body)
    {
        var errors = new Exception?[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                body(rank);
            }
#pragma warning disable CA1031 // handed to the thread of the test
            catch (Exception error)
#pragma warning restore CA1031
            {
                errors[rank] = error;
            }
        }) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();
        long start = Stopwatch.GetTimestamp();
        bool isDone = Array.TrueForAll(threads, thread => thread.Join(TimeSpan.FromSeconds(60) - Stopwatch.GetElapsedTime(start)));
        if (Array.Find(errors, error => error is not null) is { } thrown) ExceptionDispatchInfo.Throw(thrown);
        Assert.True(isDone, "A rank still runs after 60 s.");
    }

    public void Dispose() => _folder.Dispose();

    private void Call(string name) => ((delegate* unmanaged<void>)Export(name))();

    private nint Export(string name) => NativeLibrary.GetExport(NativeLibrary.Load(File), name);

    /// <summary>Compiles the library; the reason why not, or null.</summary>
    private string? Compile(string output, params string[] more)
    {
        ProcessStartInfo start = new("cc",
            ["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-pthread", .. more,
                "-o", output, "nccl_stand_in.c"])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardError = true,
        };
        try
        {
            using Process compiler = Process.Start(start)!;
            string said = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            // A compiler that refuses the source is a fault of the source, not a reason to skip.
            Assert.True(compiler.ExitCode == 0, said);
            return null;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return $"There is no C compiler 'cc': {error.Message}";
        }
    }
}

/// <summary>A call that the stand-in noted.</summary>
internal sealed record NcclCall(string Function, IReadOnlyDictionary<string, string> Arguments)
{
    public long this[string name] => long.Parse(Arguments[name], CultureInfo.InvariantCulture);

    public static NcclCall Parse(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new NcclCall(words[0], words.Skip(1).Select(word => word.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]));
    }
}

[CollectionDefinition(NcclStandIn.Name)]
public sealed class NcclStandInTests : ICollectionFixture<NcclStandIn>;

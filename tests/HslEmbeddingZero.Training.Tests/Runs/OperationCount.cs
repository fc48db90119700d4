using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>
/// Counts the operations that libtorch dispatches, backward passes included, through the callback of its profiler. TorchSharp has no
/// binding for it, so the two functions are called by their C++ names, with the layout of libtorch 2.10's at::RecordFunctionCallback.
/// </summary>
internal sealed unsafe partial class OperationCount : IDisposable
{
    private const string Library = "libtorch_cpu";

    private static readonly Lock Gate = new();
    private static Dictionary<string, int>? _counts;

    private readonly ulong _handle;

    /// <summary>Starts to count, in every thread.</summary>
    public OperationCount()
    {
        _counts = new Dictionary<string, int>(StringComparer.Ordinal);
        Callback callback = new() { Start = &OnStart, SamplingProbability = 1 };
        callback.Scopes[0] = 1; // operations; not autograd's nodes, which contain them, nor scripts
        _handle = AddGlobalCallback(callback);
    }

    /// <summary>Whether libtorch's C++ functions can be called on this system.</summary>
    public static bool IsAvailable => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Number of calls of each operation so far, by name.</summary>
    public static Dictionary<string, int> ByName()
    {
        lock (Gate) return new(_counts ?? throw new InvalidOperationException("Nothing is being counted."), StringComparer.Ordinal);
    }

    public void Dispose()
    {
        RemoveCallback(_handle);
        lock (Gate) _counts = null;
    }

    // std::unique_ptr<ObserverContext> start(const RecordFunction&): the result goes to memory that the caller names.
    [UnmanagedCallersOnly]
    private static nint* OnStart(nint* result, nint function)
    {
        string name = Marshal.PtrToStringUTF8(NameOf(function)) ?? "?";
        lock (Gate)
        {
            if (_counts is not null) _counts[name] = _counts.GetValueOrDefault(name) + 1;
        }

        *result = 0;
        return result;
    }

    [LibraryImport(Library, EntryPoint = "_ZN2at17addGlobalCallbackENS_22RecordFunctionCallbackE")]
    private static partial ulong AddGlobalCallback(Callback callback);

    [LibraryImport(Library, EntryPoint = "_ZN2at14removeCallbackEm")]
    private static partial void RemoveCallback(ulong handle);

    [LibraryImport(Library, EntryPoint = "_ZNK2at14RecordFunction4nameEv")]
    private static partial nint NameOf(nint function);

    [StructLayout(LayoutKind.Sequential)]
    private struct Callback
    {
        public delegate* unmanaged<nint*, nint, nint*> Start;
        public nint End;
        public double SamplingProbability;
        public fixed byte Scopes[10];
        public byte NeedsInputs;
        public byte NeedsOutputs;
        public byte NeedsIds;
    }
}

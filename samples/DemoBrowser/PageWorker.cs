using System.Runtime.InteropServices;
using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;
using System.Text;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>What the worker of the page calls: the server's part of the page. Floats are little-endian bytes, row by row.</summary>
[SupportedOSPlatform("browser")]
internal static partial class PageWorker
{
    private static readonly InputLimits Limits = new();
    private static ByteDecoder? _model;
    private static IEnumerator<GenerationLine>? _lines;

    /// <summary>The worker calls the methods below; there is nothing to run.</summary>
    public static void Main()
    {
    }

    /// <summary>[max(1, L), 27] features.</summary>
    [JSExport]
    internal static byte[] Features(byte[] bytes) => MemoryMarshal.AsBytes<float>(HslFeatures.Encode(bytes)).ToArray();

    /// <summary>[max(1, ceil(L/8)), 512] slots.</summary>
    [JSExport]
    internal static byte[] Slots(byte[] bytes)
    {
        float[] slots = new float[Demo.Slots.Count(bytes.Length) * Demo.Slots.Dim];
        Demo.Slots.Pack(bytes, slots);
        return MemoryMarshal.AsBytes<float>(slots).ToArray();
    }

    /// <summary>Takes the bytes of a model file.</summary>
    /// <exception cref="IOException">They are no model.</exception>
    [JSExport]
    internal static void Load(byte[] file)
    {
        using MemoryStream stream = new(file);
        _model = ByteDecoder.Load(stream);
    }

    /// <summary>Begins a generation. An earlier one ends.</summary>
    /// <exception cref="InvalidDataException">The request is not valid. The message says why, and where.</exception>
    [JSExport]
    internal static void Begin(string request)
    {
        End();
        IByteModel model = _model ?? throw new InvalidOperationException("The model is not loaded yet.");
        _lines = Continuation.Of(model, RequestReader.Read(Encoding.UTF8.GetBytes(request), Limits)).GetEnumerator();
    }

    /// <summary>Draws the next byte. Returns a line of JSON, as the server sends it, or null after the last one.</summary>
    [JSExport]
    internal static string? Next() => _lines?.MoveNext() == true ? Encoding.UTF8.GetString(_lines.Current.ToJson()) : null;

    /// <summary>Ends the generation, and frees its memory.</summary>
    [JSExport]
    internal static void End()
    {
        _lines?.Dispose();
        _lines = null;
    }
}

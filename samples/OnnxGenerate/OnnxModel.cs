using Microsoft.ML.OnnxRuntime;

namespace HslEmbeddingZero.Samples;

/// <summary>An ONNX file of <see cref="OnnxExport"/> in ONNX Runtime, as a model that the library generates with.</summary>
internal sealed class OnnxModel : IByteModel, IDisposable
{
    private OnnxModel(string path, InferenceSession session)
    {
        (Path, Session) = (path, session);
        if (Metadata("onnx.input") != "ids") throw new InvalidDataException($"{path}: the door is not in the graph; export it with ids.");
        IsGroupQuery = Metadata("onnx.attention") == "group-query";
        (BytesPerSlot, IdsPerStep) = (int.Parse(Metadata("onnx.bytesPerSlot")), int.Parse(Metadata("onnx.ids")));
        DropsTail = Metadata("onnx.tail") == "drop";
    }

    public InferenceSession Session { get; }

    /// <summary>Whether keys and values stay in one buffer.</summary>
    public bool IsGroupQuery { get; }

    /// <inheritdoc/>
    public int BytesPerSlot { get; }

    /// <summary>How many ids a step reads.</summary>
    public int IdsPerStep { get; }

    /// <summary>Whether an incomplete last slot is left out. Otherwise it is completed with 0x00 bytes.</summary>
    public bool DropsTail { get; }

    private string Path { get; }

    /// <summary>Loads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">Threads that compute one byte together, 1 or more.</param>
    /// <exception cref="InvalidDataException">The file is not one of <see cref="OnnxExport"/>, or its door is outside.</exception>
    /// <exception cref="OnnxRuntimeException">The file is damaged.</exception>
    public static OnnxModel Load(string path, int threads = 1)
    {
        using SessionOptions options = new() { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        InferenceSession session = new(path, options);
        try
        {
            return new(path, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IByteGenerator CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream)
    {
        foreach (short id in context) RequireId(id);
        foreach (short id in stream) RequireId(id);
        return new OnnxGenerator(this, context, stream);
    }

    /// <inheritdoc/>
    public void Dispose() => Session.Dispose();

    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    internal static void RequireId(int id)
    {
        if (id is < 0 or >= ByteIds.Count)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"An id is 0..{ByteIds.Count - 1}; got {id}.");
    }

    private string Metadata(string key) => Session.ModelMetadata.CustomMetadataMap.GetValueOrDefault(key)
        ?? throw new InvalidDataException($"{Path}: no file of OnnxExport: its metadata has no '{key}'.");
}

namespace HslEmbeddingZero;

/// <summary>The metadata and the list of tensors of a safetensors file. Reading it loads no tensor and needs no native library.</summary>
public sealed class SafetensorsHeader
{
    internal SafetensorsHeader(
        IReadOnlyDictionary<string, string> metadata,
        IReadOnlyDictionary<string, SafetensorsEntry> tensors,
        long dataStart,
        long dataLength)
    {
        Metadata = metadata;
        Tensors = tensors;
        DataStart = dataStart;
        DataLength = dataLength;
    }

    /// <summary>Reads metadata, types, shapes and offsets, but no tensor.</summary>
    /// <param name="path">
    /// The file. If its name ends in ".index.json", it is the index of a model in several files, as Hugging Face writes it. Then the
    /// headers of all files are joined: the offsets of a tensor are those in its own file.
    /// </param>
    /// <returns>
    /// The header. It has passed all checks of the format: the tensors have known types, and they cover the data of the file exactly.
    /// </returns>
    /// <exception cref="SafetensorsException">The file breaks the format; the message names it, the value and the limit.</exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission to read the file.</exception>
    public static SafetensorsHeader Read(string path)
    {
        using var reader = SafetensorsReader.Open(path);
        return reader.Header;
    }

    /// <summary>The free text under <c>__metadata__</c>; empty if the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors { get; }

    /// <summary>Where the data begins, in bytes from the start of the file: 8 + the length of the header.</summary>
    public long DataStart { get; }

    /// <summary>Bytes of data, from <see cref="DataStart"/> to the end of the file; the tensors cover them without a hole.</summary>
    public long DataLength { get; }
}

/// <summary>One tensor of a safetensors file: its type, its shape and where its bytes are.</summary>
public sealed class SafetensorsEntry
{
    internal SafetensorsEntry(string name, SafetensorsDtype dtype, IReadOnlyList<long> shape, long begin, long end)
    {
        Name = name;
        Dtype = dtype;
        Shape = shape;
        Begin = begin;
        End = end;
    }

    /// <summary>The tensor's name, as in a state_dict.</summary>
    public string Name { get; }

    /// <summary>Type of an element.</summary>
    public SafetensorsDtype Dtype { get; }

    /// <summary>Size of every dimension; empty for a single value.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>First byte, counted from <see cref="SafetensorsHeader.DataStart"/>.</summary>
    public long Begin { get; }

    /// <summary>The byte after the last one, counted from <see cref="SafetensorsHeader.DataStart"/>.</summary>
    public long End { get; }

    /// <summary>Bytes of the tensor: elements × bytes per element.</summary>
    public long ByteCount => End - Begin;
}

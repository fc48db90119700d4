using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HslEmbeddingZero;

/// <summary>A tensor to be written. The action writes its bytes, row-major and little-endian.</summary>
internal sealed record SafetensorsContent(string Name, SafetensorsDtype Dtype, IReadOnlyList<long> Shape, Action<Stream> Write)
{
    /// <summary>Bytes of the tensor.</summary>
    public long ByteCount => Shape.Aggregate((long)Dtype.Size(), (bytes, size) => bytes * size);
}

/// <summary>
/// Writes safetensors files. The same tensors always give the same file: larger elements first, then by name. The header is padded so that
/// the data begins at a multiple of 8. The file appears whole or not at all.
/// </summary>
internal static class SafetensorsWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">Text to store beside the tensors, or null.</param>
    /// <exception cref="SafetensorsException">The format cannot hold a name, a text or a header of this size.</exception>
    /// <exception cref="InvalidOperationException">A tensor's action wrote too much or too little.</exception>
    /// <exception cref="IOException">The folder is missing or the disk is full.</exception>
    public static void Write(
        string path, IEnumerable<SafetensorsContent> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafetensorsContent[] ordered =
            [.. tensors.OrderBy(tensor => tensor.Dtype.Rank()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        if (Array.Exists(ordered, tensor => tensor.Name == SafetensorsHeaderReader.MetadataKey))
            throw CannotStore(path, SafetensorsHeaderReader.MetadataKey, "the name is reserved for the metadata");
        ReadOnlyMemory<byte> header = BuildHeader(path, ordered, metadata);

        AtomicFile.Write(path, (FileStream file) =>
        {
            Span<byte> length = stackalloc byte[SafetensorsHeaderReader.LengthSize];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            file.Write(length);
            file.Write(header.Span);
            long end = length.Length + header.Length;
            foreach (SafetensorsContent tensor in ordered)
            {
                tensor.Write(file);
                end += tensor.ByteCount;
                if (file.CanSeek && file.Position != end)
                {
                    throw new InvalidOperationException(
                        $"{path}: '{tensor.Name}' ends at byte {file.Position} instead of {end}; its shape and what was written differ.");
                }
            }
        });
    }

    /// <summary>The error for a tensor that the format cannot hold.</summary>
    public static SafetensorsException CannotStore(string path, string name, string problem) =>
        new($"{path}: cannot store tensor '{SafetensorsHeaderReader.Show(name)}': {problem}.");

    private static ReadOnlyMemory<byte> BuildHeader(
        string path, SafetensorsContent[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 12);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeaderReader.MetadataKey);
                foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(Strict(path, key), Strict(path, value));
                json.WriteEndObject();
            }

            long position = 0;
            foreach (SafetensorsContent tensor in tensors)
            {
                json.WriteStartObject(Strict(path, tensor.Name));
                json.WriteString("dtype", tensor.Dtype.Name());
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(position);
                position += tensor.ByteCount;
                json.WriteNumberValue(position);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        int padding = -buffer.WrittenCount & 7; // the length before it takes 8 bytes, so the header alone decides the alignment
        buffer.GetSpan(8)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        if (buffer.WrittenCount > SafetensorsHeaderReader.MaxHeaderLength)
        {
            throw new SafetensorsException(
                $"{path}: the header would take {buffer.WrittenCount} bytes; the limit is {SafetensorsHeaderReader.MaxHeaderLength}.");
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Returns the text. Throws if it holds half of a surrogate pair, which the JSON writer would silently replace.</summary>
    private static string Strict(string path, string? text)
    {
        if (text is null) throw new SafetensorsException($"{path}: a metadata value is null; it must be a string.");
        try
        {
            _ = StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new SafetensorsException(
                $"{path}: '{SafetensorsHeaderReader.Show(text)}' is not Unicode text and cannot be stored.", error);
        }

        return text;
    }
}

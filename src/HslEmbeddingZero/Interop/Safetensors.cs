using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Reads and writes safetensors files, an exchange format for weights. They contain no code and can be read from Python, Rust and .NET.
/// </summary>
/// <remarks>
/// The format (https://github.com/huggingface/safetensors), as implemented here:
/// <list type="number">
/// <item>8 bytes: the length of the header, little-endian, from 1 to 100,000,000.</item>
/// <item>The header: one JSON object that begins with '{', then spaces. Each key is a tensor: <c>dtype</c>, <c>shape</c> and
/// <c>data_offsets</c> [begin, end), counted from the end of the header. <c>__metadata__</c> maps strings to strings. No key comes twice,
/// and there are no other fields.</item>
/// <item>The data: row-major, little-endian, the tensors one after another from offset 0 to the end of the file, without holes or
/// overlaps.</item>
/// <item>Types: BOOL (bytes 0 and 1), U8, I8, I16, I32, I64, F16, BF16, F32, F64. Up to 64 dimensions.</item>
/// </list>
/// Anything else is refused with a <see cref="SafetensorsException"/> before memory is allocated for it. The same tensors always give the
/// same file: larger elements first, then by name. The header is padded so that the data begins at a multiple of 8.
/// </remarks>
public static class Safetensors
{
    /// <summary>Bytes of a tensor in one span; a span cannot cover 2 GiB.</summary>
    private const int ChunkBytes = 64 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private delegate void ChunkAction(Span<byte> bytes, long offset);

    /// <summary>Reads metadata, types, shapes and offsets, but no tensor.</summary>
    /// <param name="path">
    /// The file, or the index of a model in several files, see <see cref="Load(string)"/>. For an index, the headers of all files are
    /// joined: the offsets of a tensor are those in its own file.
    /// </param>
    /// <returns>The header, which has passed every check that <see cref="Load(string)"/> makes before it reads data.</returns>
    /// <exception cref="SafetensorsException">The file breaks the format; the message names it, the value and the limit.</exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission to read the file.</exception>
    public static SafetensorsHeader ReadHeader(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (SafetensorsIndex.IsIndex(path)) return SafetensorsIndex.Merge(SafetensorsIndex.Read(path));
        using SafeFileHandle file = Open(path, FileOptions.None);
        return SafetensorsHeaderReader.Read(file, path);
    }

    /// <summary>Reads all tensors of a file into memory.</summary>
    /// <param name="path">
    /// The file. If its name ends in ".index.json", it is the index of a model in several files, as Hugging Face writes it: all of them
    /// are read.
    /// </param>
    /// <returns>
    /// New contiguous CPU tensors with the types and shapes of the file. They belong to the caller: no dispose scope holds them.
    /// </returns>
    /// <exception cref="SafetensorsException">
    /// The file breaks the format, or an index and its files contradict each other. The message names the file, the value and the limit.
    /// </exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission to read the file.</exception>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load.</exception>
    public static IReadOnlyDictionary<string, Tensor> Load(string path) => Load(path, ChunkBytes);

    /// <summary><see cref="Load(string)"/> with a chunk size that a test can make small.</summary>
    internal static IReadOnlyDictionary<string, Tensor> Load(string path, int chunkBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // All headers are checked before the first tensor is read.
        string[] files = SafetensorsIndex.IsIndex(path) ? [.. SafetensorsIndex.Read(path).Select(shard => shard.Path)] : [path];
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        try
        {
            foreach (string file in files) LoadOne(file, chunkBytes, tensors);
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
            throw;
        }

        return tensors;
    }

    private static void LoadOne(string path, int chunkBytes, Dictionary<string, Tensor> tensors)
    {
        using SafeFileHandle file = Open(path, FileOptions.SequentialScan);
        SafetensorsHeader header = SafetensorsHeaderReader.Read(file, path);
        TorchRuntime.EnsureLoaded();
        foreach (SafetensorsEntry entry in header.Tensors.Values)
        {
            Tensor tensor = empty([.. entry.Shape], dtype: entry.Dtype, device: CPU).DetachFromDisposeScope();
            tensors.Add(entry.Name, tensor);
            ForEachChunk(tensor, chunkBytes, (bytes, offset) => Fill(file, path, header, entry, bytes, offset));
        }
    }

    private static SafeFileHandle Open(string path, FileOptions options) => FilePath.Misfit(path) is { } misfit
        ? throw new SafetensorsException($"{path}: {misfit}.")
        : File.OpenHandle(path, options: options);

    /// <summary>Writes tensors to a file.</summary>
    /// <remarks>
    /// The file appears whole or not at all: it is written under a temporary name in the same folder, flushed to the disk, and then
    /// renamed; this replaces an existing file and keeps its permissions. A symbolic link stays, and its target is replaced. Only one
    /// tensor at a time is copied to the CPU.
    /// </remarks>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="tensors">By name; any shape, stride and device, and the types in the remarks of <see cref="Safetensors"/>.</param>
    /// <param name="metadata">Text to store beside the tensors, or null.</param>
    /// <exception cref="SafetensorsException">The format cannot hold a name, a type, a layout or a header of this size.</exception>
    /// <exception cref="IOException">The folder is missing or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission to write to the folder.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
        => Save(path, tensors, metadata, ChunkBytes);

    /// <summary>Save with a chunk size that a test can make small.</summary>
    internal static void Save(
        string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata, int chunkBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        foreach ((string name, Tensor tensor) in tensors) CheckCanBeSaved(path, name, tensor);
        KeyValuePair<string, Tensor>[] ordered =
            [.. tensors.OrderBy(pair => SafetensorsDtypes.Rank(pair.Value.dtype)).ThenBy(pair => pair.Key, StringComparer.Ordinal)];
        ReadOnlyMemory<byte> header = BuildHeader(path, ordered, metadata);

        AtomicFile.Write(path, (FileStream file) =>
        {
            Span<byte> length = stackalloc byte[SafetensorsHeaderReader.LengthSize];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            file.Write(length);
            file.Write(header.Span);
            foreach ((_, Tensor tensor) in ordered)
            {
                using IDisposable withoutGradients = no_grad();
                using DisposeScope scope = NewDisposeScope();
                ForEachChunk(tensor.detach().cpu().contiguous(), chunkBytes, (bytes, _) => file.Write(bytes));
            }
        });
    }

    /// <summary>Copies tensors into a module's parameters and persistent buffers.</summary>
    /// <remarks>
    /// All or nothing: the module changes only if the names are exactly those of its <c>state_dict()</c> and every shape and type
    /// fits. Floating types convert into one another; other types must be equal. Devices may differ.
    /// </remarks>
    /// <param name="module">The module to fill.</param>
    /// <param name="tensors">By name, as <see cref="Load(string)"/> returns them; they still belong to the caller.</param>
    /// <param name="source">Where they come from, such as the file's path; messages name it.</param>
    /// <exception cref="SafetensorsException">
    /// A name is missing or unknown, or a shape or type does not fit; the message lists them.
    /// </exception>
    public static void LoadInto(nn.Module module, IReadOnlyDictionary<string, Tensor> tensors, string source)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(source);
        LoadInto(module.state_dict(), tensors, source, module.GetName());
    }

    /// <summary>The same into tensors by name, such as those of a module under other keys.</summary>
    internal static void LoadInto(
        IReadOnlyDictionary<string, Tensor> state, IReadOnlyDictionary<string, Tensor> tensors, string source, string targetName)
    {
        string[] problems =
        [
            .. state.Select(pair => Misfit(pair.Key, pair.Value, tensors)).OfType<string>(),
            .. tensors.Where(pair => !state.ContainsKey(pair.Key)).Select(pair =>
                $"'{SafetensorsHeaderReader.Show(pair.Key)}' is extra: expected nothing, found {Describe(pair.Value)}"),
        ];
        if (problems.Length > 0)
        {
            const int shown = 8;
            string more = problems.Length > shown ? $"; and {problems.Length - shown} more" : "";
            string wrapped = ForeignFile.DescribeNames(tensors.Keys) is { } names ? $"{names}; " : "";
            throw new SafetensorsException(
                $"{source}: does not fit {targetName}: {wrapped}{string.Join("; ", problems.Take(shown))}{more}. Nothing was loaded.");
        }

        using IDisposable withoutGradients = no_grad();
        foreach ((string name, Tensor target) in state) target.copy_(tensors[name]);
    }

    /// <summary>Reads until the span is full.</summary>
    /// <exception cref="SafetensorsException">The file ends too early, although its length said otherwise.</exception>
    internal static void ReadFully(SafeFileHandle file, Span<byte> destination, long position, string path)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(file, destination, position);
            if (read == 0) throw new SafetensorsException($"{path}: the file ended at byte {position} while it was being read.");
            destination = destination[read..];
            position += read;
        }
    }

    private static void Fill(
        SafeFileHandle file, string path, SafetensorsHeader header, SafetensorsEntry entry, Span<byte> bytes, long offset)
    {
        ReadFully(file, bytes, header.DataStart + entry.Begin + offset, path);
        if (entry.Dtype != ScalarType.Bool) return;

        // Any other byte in a bool is undefined behaviour in native code.
        int bad = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (bad >= 0)
        {
            throw new SafetensorsException(
                $"{path}: element {offset + bad} of BOOL tensor '{SafetensorsHeaderReader.Show(entry.Name)}' "
                + $"is {bytes[bad]}; it must be 0 or 1.");
        }
    }

    /// <summary>Passes the bytes of a contiguous CPU tensor to an action, piece by piece and in order.</summary>
    private static void ForEachChunk(Tensor tensor, int chunkBytes, ChunkAction action)
    {
        long count = tensor.numel();
        if (count == 0) return;

        int size = SafetensorsDtypes.Size(tensor.dtype);
        long step = Math.Max(1, chunkBytes / size);
        using Tensor flat = tensor.view(-1);
        for (long start = 0; start < count; start += step)
        {
            using Tensor chunk = flat.narrow(0, start, Math.Min(step, count - start));
            action(chunk.bytes, start * size);
        }
    }

    private static void CheckCanBeSaved(string path, string name, Tensor? tensor)
    {
        string? problem =
            name == SafetensorsHeaderReader.MetadataKey ? "the name is reserved for the metadata"
            : tensor is null ? "it is null"
            : tensor.IsInvalid ? "it has been disposed"
            : SafetensorsDtypes.Rank(tensor.dtype) < 0 ? $"the format has no dtype {tensor.dtype}; it has {SafetensorsDtypes.Names}"
            : tensor.is_sparse ? "it is sparse; only dense tensors can be stored"
            : tensor.device_type == DeviceType.META ? "it is on the meta device and has no data"
            : null;
        if (problem is not null)
            throw new SafetensorsException($"{path}: cannot store tensor '{SafetensorsHeaderReader.Show(name)}': {problem}.");
    }

    private static ReadOnlyMemory<byte> BuildHeader(
        string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata)
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
            foreach ((string name, Tensor tensor) in tensors)
            {
                json.WriteStartObject(Strict(path, name));
                json.WriteString("dtype", SafetensorsDtypes.Name(tensor.dtype));
                json.WriteStartArray("shape");
                foreach (long size in tensor.shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(position);
                position += tensor.numel() * SafetensorsDtypes.Size(tensor.dtype);
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

    private static string? Misfit(string name, Tensor target, IReadOnlyDictionary<string, Tensor> tensors)
    {
        if (!tensors.TryGetValue(name, out Tensor? found)) return $"'{name}' is missing: expected {Describe(target)}, found nothing";
        if (!found.shape.AsSpan().SequenceEqual(target.shape))
            return $"'{name}' has the wrong shape: expected {Describe(target)}, found {Describe(found)}";
        bool converts = found.dtype == target.dtype || (found.is_floating_point() && target.is_floating_point());
        return converts ? null : $"'{name}' has a type that does not convert: expected {Describe(target)}, found {Describe(found)}";
    }

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}

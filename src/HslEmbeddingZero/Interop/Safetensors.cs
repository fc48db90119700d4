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
    public static SafetensorsHeader ReadHeader(string path) => SafetensorsHeader.Read(path);

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
        using var reader = SafetensorsReader.Open(path); // All headers are checked before the first tensor is read.
        TorchRuntime.EnsureLoaded();
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        try
        {
            foreach (SafetensorsEntry entry in reader.Header.Tensors.Values)
            {
                Tensor tensor = empty([.. entry.Shape], dtype: entry.Dtype.ToScalarType(), device: CPU).DetachFromDisposeScope();
                tensors.Add(entry.Name, tensor);
                ForEachChunk(tensor, chunkBytes, (bytes, offset) => reader.Read(entry, bytes, offset));
            }
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
            throw;
        }

        return tensors;
    }

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
        SafetensorsWriter.Write(path, tensors.Select(pair => Content(path, pair.Key, pair.Value, chunkBytes)).ToArray(), metadata);
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

    /// <summary>Passes the bytes of a contiguous CPU tensor to an action, piece by piece and in order.</summary>
    private static void ForEachChunk(Tensor tensor, int chunkBytes, ChunkAction action)
    {
        long count = tensor.numel();
        if (count == 0) return;

        int size = (int)tensor.element_size();
        long step = Math.Max(1, chunkBytes / size);
        using Tensor flat = tensor.view(-1);
        for (long start = 0; start < count; start += step)
        {
            using Tensor chunk = flat.narrow(0, start, Math.Min(step, count - start));
            action(chunk.bytes, start * size);
        }
    }

    private static SafetensorsContent Content(string path, string name, Tensor? tensor, int chunkBytes)
    {
        string? problem =
            tensor is null ? "it is null"
            : tensor.IsInvalid ? "it has been disposed"
            : tensor.dtype.ToSafetensors() is null ? $"the format has no dtype {tensor.dtype}; it has {SafetensorsDtypes.Names}"
            : tensor.is_sparse ? "it is sparse; only dense tensors can be stored"
            : tensor.device_type == DeviceType.META ? "it is on the meta device and has no data"
            : null;
        if (problem is not null) throw SafetensorsWriter.CannotStore(path, name, problem);
        return new(name, tensor!.dtype.ToSafetensors()!.Value, tensor.shape, file =>
        {
            using IDisposable withoutGradients = no_grad();
            using DisposeScope scope = NewDisposeScope();
            ForEachChunk(tensor.detach().cpu().contiguous(), chunkBytes, (bytes, _) => file.Write(bytes));
        });
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

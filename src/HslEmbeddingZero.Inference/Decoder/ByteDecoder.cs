using System.Collections.Concurrent;

namespace HslEmbeddingZero;

/// <summary>
/// A model file, ready to generate bytes in plain C#: no libtorch, no other native library. It reads the files that
/// <c>ByteLanguageModel.Save</c> writes.
/// </summary>
/// <remarks>
/// The weights are shared by any number of <see cref="DecoderGenerator"/>s, on any threads. The garbage collector frees them.
/// Results have the same bits for every vector width and number of threads. A prompt gives the same logits whether it is read at once or
/// byte by byte.
/// </remarks>
public sealed class ByteDecoder : IByteModel
{
    private readonly WorkerTeam _team;
    private readonly FeaturePath _width;

    // A pass has memory of its own, so each thread that reads takes one.
    private readonly ConcurrentBag<DecoderPass> _passes = [], _widePasses = [];

    private ByteDecoder(DecoderFile file, ByteDecoderOptions options, FeaturePath width)
    {
        (Network, Description, Metadata) = (file.ReadNetwork(), file.Description, file.Header.Metadata);
        (Options, _width, _team) = (options, width, new(options.Threads));
        foreach (SafetensorsEntry tensor in file.Header.Tensors.Values)
        {
            if (ModelDescription.IsScale(tensor.Name)) continue;
            long parameters = tensor.ByteCount / tensor.Dtype.Size();
            ParameterCount += parameters;
            if (ModelDescription.IsOfDoor(tensor.Name)) DoorParameterCount += parameters;
        }
    }

    /// <summary>The door by the name that tables and command lines use, such as "zero" or "embedding".</summary>
    public string Arm => Description.Arm.Name;

    /// <summary>The codes of the last bytes that the door appends to the features; null for none.</summary>
    public NgramCodes? Ngrams => Description.Ngrams;

    /// <summary>Number of learned parameters of door and body.</summary>
    public long ParameterCount { get; }

    /// <summary>Number of learned parameters of the door; 0 for the zero doors.</summary>
    public long DoorParameterCount { get; }

    /// <summary>Size and structure of the body.</summary>
    public ByteTransformerOptions Body => Network.Body;

    /// <inheritdoc/>
    public int BytesPerSlot => Network.Door.BytesPerSlot;

    /// <summary>The metadata of the file, such as the model's card.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>How weights and caches are stored, and the number of threads.</summary>
    public ByteDecoderOptions Options { get; }

    /// <summary>Bytes of the matrices in memory. One byte of one stream reads them all.</summary>
    public long WeightBytes => Network.WeightBytes;

    internal DecoderNetwork Network { get; }

    private ModelDescription Description { get; }

    /// <summary>Loads a model file.</summary>
    /// <param name="path">A safetensors file that <c>ByteLanguageModel.Save</c> has written, or the index of one in several files.</param>
    /// <param name="options">How to store it in memory; the defaults when null.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="SafetensorsException">
    /// The file is damaged, is not a model file, or does not fit its own description; the message names it, the value and the limit.
    /// </exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission to read the file.</exception>
    public static ByteDecoder Load(string path, ByteDecoderOptions? options = null) => Load(path, options, DecoderPass.Widest);

    /// <summary>Loads a model file for vectors of a width that a test or a benchmark chooses.</summary>
    internal static ByteDecoder Load(string path, ByteDecoderOptions? options, FeaturePath width)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        options.Validate();
        using var file = DecoderFile.Open(path, options.Weights);
        return new(file, options, width);
    }

    /// <summary>
    /// Loads a model file from a stream, such as an asset of a phone's app, an embedded resource, or a download in a browser.
    /// </summary>
    /// <param name="stream">A safetensors file from its current position to its end. It stays open. It need not be seekable.</param>
    /// <param name="options">How to store it in memory; the defaults when null.</param>
    /// <remarks>The file is read into memory as a whole. It is freed when the decoder is ready.</remarks>
    /// <exception cref="ArgumentException">An option is out of its range, or the stream cannot be read.</exception>
    /// <exception cref="SafetensorsException">
    /// The file is damaged, is not a model file, is longer than 2 GiB, or does not fit its own description.
    /// </exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static ByteDecoder Load(Stream stream, ByteDecoderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead) throw new ArgumentException("The stream cannot be read.", nameof(stream));
        options ??= new();
        options.Validate();
        string name = stream is FileStream onDisk ? onDisk.Name : "the model's stream";
        using var file = DecoderFile.Open(ReadToEnd(stream, name), name, options.Weights);
        return new(file, options, DecoderPass.Widest);
    }

    /// <summary>
    /// Writes a model file again with int8 matrices: a quarter of the size of float32, half of bfloat16. Everything else stays as it is.
    /// Only <see cref="Load(string, ByteDecoderOptions?)"/> reads such a file.
    /// </summary>
    /// <param name="path">The model file, or the index of one in several files.</param>
    /// <param name="int8Path">The new file; an existing one is replaced. It appears whole or not at all.</param>
    /// <exception cref="SafetensorsException">The file is damaged, is not a model file, or holds a weight that is not finite.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission for a file.</exception>
    public static void SaveInt8(string path, string int8Path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(int8Path);
        DecoderFile.WriteInt8(path, int8Path);
    }

    /// <summary>Processes a context and the beginning of a stream. The result is ready to predict the next byte.</summary>
    /// <param name="context">Ids of the prefix, 0..257, which become slots of K bytes; may be empty.</param>
    /// <param name="stream">Ids that the stream begins with, 0..257, one position each; may be empty.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public DecoderGenerator CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream = default)
    {
        ByteIds.Require(context);
        ByteIds.Require(stream);
        return new(this, context, stream);
    }

    IByteGenerator IByteModel.CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream) => CreateGenerator(context, stream);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<short> context, ReadOnlySpan<short> stream, Span<float> logits)
    {
        ByteIds.Require(context);
        ByteIds.Require(stream);
        IByteModel.RequireRoom(stream, logits);
        if (!stream.IsEmpty) Prefill(new(Network, Options.Cache), context, [0, .. stream[..^1]], logits);
    }

    /// <summary>
    /// Computes the logits of several generators in one pass over the weights, which is faster than one after another. Afterwards
    /// <see cref="DecoderGenerator.Logits"/> of each costs nothing.
    /// </summary>
    /// <param name="generators">Generators of this decoder. Those whose logits are known already cost nothing.</param>
    /// <exception cref="ArgumentException">A generator belongs to another decoder.</exception>
    /// <exception cref="ObjectDisposedException">A generator is disposed.</exception>
    public void Read(params ReadOnlySpan<DecoderGenerator> generators)
    {
        foreach (DecoderGenerator generator in generators) generator.RequireReady(this);
        DecoderPass? pass = null;
        Span<int> rows = stackalloc int[DecoderPass.MostRows];
        for (int start = 0; start < generators.Length;)
        {
            int count = 0;
            for (; start < generators.Length && count < DecoderPass.MostRows; start++)
            {
                if (!generators[start].IsUnread) continue;
                if (count == 0)
                {
                    pass ??= Rent(generators.Length);
                    pass.Begin();
                }

                generators[start].AddTo(pass!);
                rows[count++] = start;
            }

            if (count == 0) break;
            pass!.ReadAdded();
            for (int row = 0; row < count; row++) generators[rows[row]].TakeLogits(pass, row);
        }

        if (pass is not null) Return(pass);
    }

    private static byte[] ReadToEnd(Stream stream, string name)
    {
        if (stream.CanSeek)
        {
            long length = Math.Max(0, stream.Length - stream.Position);
            if (length > Array.MaxLength) throw TooLong(length);
            byte[] bytes = new byte[length];
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return read == bytes.Length ? bytes : bytes[..read];
        }

        using MemoryStream whole = new();
        byte[] piece = new byte[1 << 16];
        for (int read; (read = stream.Read(piece)) > 0; whole.Write(piece, 0, read))
            if (whole.Length + read > Array.MaxLength) throw TooLong(whole.Length + read);
        return whole.ToArray();

        SafetensorsException TooLong(long length) =>
            new($"{name}: {length} bytes or more; a model from a stream has up to {Array.MaxLength}. Load it by its path.");
    }

    /// <summary>Reads a context and the positions of a stream into an empty cache.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="context">Ids of the prefix.</param>
    /// <param name="positions">Ids of the stream, the origin first.</param>
    /// <param name="logits">Receives the logits after the last positions, 258 for each.</param>
    internal void Prefill(DecoderCache cache, ReadOnlySpan<short> context, ReadOnlySpan<short> positions, Span<float> logits)
    {
        int slots = Network.Door.SlotCount(context.Length), wanted = positions.Length - (logits.Length / ByteIds.Count);
        cache.Reserve(slots + positions.Length);
        DecoderPass pass = Rent(slots + positions.Length);
        for (int first = 0; first < slots; first += pass.Rows) pass.ReadSlots(cache, context, first, Math.Min(pass.Rows, slots - first));
        for (int first = 0, count; first < positions.Length; first += count)
        {
            count = Math.Min(pass.Rows, positions.Length - first);
            pass.ReadStream(cache, positions[..(first + count)], count);
            for (int row = Math.Max(0, wanted - first); row < count; row++)
                pass.CopyLogits(row, logits.Slice((first + row - wanted) * ByteIds.Count, ByteIds.Count));
        }

        Return(pass);
    }

    /// <summary>A pass with room for so many positions, or for as many as a pass has.</summary>
    internal DecoderPass Rent(int rows)
    {
        bool isWide = rows > 1;
        return (isWide ? _widePasses : _passes).TryTake(out DecoderPass? pass)
            ? pass
            : DecoderPass.Create(Network, Options.Cache, _team, isWide ? DecoderPass.MostRows : 1, _width);
    }

    internal void Return(DecoderPass pass) => (pass.Rows > 1 ? _widePasses : _passes).Add(pass);
}

namespace HslEmbeddingZero;

/// <summary>
/// A safetensors file, or a model in several of them, opened to be read tensor by tensor. All headers are checked when it opens.
/// </summary>
internal sealed class SafetensorsReader : IDisposable
{
    private readonly Shard[] _shards;
    private readonly Dictionary<string, Shard> _shardOf = new(StringComparer.Ordinal);

    private SafetensorsReader(Shard[] shards)
    {
        _shards = shards;
        foreach (Shard shard in shards)
            foreach (string name in shard.Header.Tensors.Keys) _shardOf.Add(name, shard);
        Header = shards is [var only] ? only.Header : Merge(shards);
    }

    /// <summary>The header. For an index it joins those of all files: the tensors keep their places in their own files.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>Opens a file, or all files that an index names, and checks their headers.</summary>
    /// <exception cref="SafetensorsException">
    /// A file breaks the format. Or an index is damaged, one of its files is missing, or the two contradict each other.
    /// </exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission to read the file.</exception>
    public static SafetensorsReader Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!SafetensorsIndex.IsIndex(path)) return new([Shard.Open(path)]);
        Dictionary<string, string> map = SafetensorsIndex.Read(path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        List<Shard> shards = [];
        try
        {
            foreach (string name in map.Values.Distinct().Order(StringComparer.Ordinal))
            {
                string file = Path.Combine(folder, name);
                if (!File.Exists(file)) throw new SafetensorsException($"{path}: its file '{name}' is missing in {folder}.");
                shards.Add(Shard.Open(file));
                SafetensorsIndex.Compare(path, name, shards[^1].Header, map);
            }

            return new([.. shards]);
        }
        catch
        {
            foreach (Shard shard in shards) shard.Dispose();
            throw;
        }
    }

    /// <summary>Opens the bytes of a file, read from a stream or a resource, and checks the header.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="SafetensorsException">The bytes break the format, or are the index of a model in several files.</exception>
    public static SafetensorsReader Open(byte[] bytes, string name) => new([Shard.Of(new SafetensorsBytes(bytes, name))]);

    /// <summary>Reads bytes of a tensor.</summary>
    /// <param name="entry">A tensor of <see cref="Header"/>.</param>
    /// <param name="destination">Receives the bytes; all of it is filled.</param>
    /// <param name="offset">First byte, counted from the start of the tensor. A span cannot cover 2 GiB.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not all inside the tensor.</exception>
    /// <exception cref="SafetensorsException">The file has become shorter, or a BOOL is neither 0 nor 1.</exception>
    public void Read(SafetensorsEntry entry, Span<byte> destination, long offset = 0)
    {
        if (offset < 0 || destination.Length > entry.ByteCount - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset,
                $"{destination.Length} bytes from {offset} are not inside tensor '{SafetensorsHeaderReader.Show(entry.Name)}', which has "
                + $"{entry.ByteCount}.");
        }

        Shard shard = _shardOf[entry.Name];
        shard.Source.ReadFully(destination, shard.Header.DataStart + entry.Begin + offset);
        if (entry.Dtype != SafetensorsDtype.Bool) return;

        // Any other byte in a bool is undefined behaviour in native code.
        int bad = destination.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (bad >= 0)
        {
            throw new SafetensorsException(
                $"{shard.Source.Name}: element {offset + bad} of BOOL tensor '{SafetensorsHeaderReader.Show(entry.Name)}' "
                + $"is {destination[bad]}; it must be 0 or 1.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Shard shard in _shards) shard.Dispose();
    }

    private static SafetensorsHeader Merge(Shard[] shards)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        foreach ((string key, string value) in shards.SelectMany(shard => shard.Header.Metadata)) metadata.TryAdd(key, value);
        return new(
            metadata, shards.SelectMany(shard => shard.Header.Tensors).ToDictionary(StringComparer.Ordinal),
            dataStart: 0, shards.Sum(shard => shard.Header.DataLength));
    }

    /// <summary>One open file and its header.</summary>
    private sealed record Shard(SafetensorsSource Source, SafetensorsHeader Header) : IDisposable
    {
        public static Shard Open(string path) => Of(SafetensorsFile.Open(path));

        public static Shard Of(SafetensorsSource source)
        {
            try
            {
                return new(source, SafetensorsHeaderReader.Read(source));
            }
            catch
            {
                source.Dispose();
                throw;
            }
        }

        public void Dispose() => Source.Dispose();
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The index of a large text file, stored beside it as NAME.hslindex, so that the file need not be read again. It is used if the length,
/// the time of the last change and a sample of the bytes still match the file. Otherwise, or if it is damaged, it is built again.
/// </summary>
/// <remarks>
/// Layout: magic number, the hashes of the training documents (16 bytes each), the five arrays of <see cref="DocumentIndex"/>, a header as
/// JSON, its length (4 bytes), and the SHA-256 of everything before. All numbers are little-endian.
/// </remarks>
internal static class IndexFile
{
    /// <summary>Extension of an index's file name.</summary>
    public const string Extension = ".hslindex";

    private const string TemporaryExtension = ".tmp";

    /// <summary>Smaller files get no index, because they are read again in less than a second.</summary>
    public const long SmallestText = 64 << 20;

    private const int HashBytes = 16;
    private const int SampledBlocks = 64;
    private const int SampledBlock = 4096;
    private static readonly byte[] Magic = "HSLIDX01"u8.ToArray();

    /// <summary>
    /// Whether a file is an index, or a temporary file left by a load that was killed. Such a file is not text and is skipped in folders.
    /// </summary>
    public static bool IsIndex(string path) => path.EndsWith(Extension, StringComparison.Ordinal)
        || (path.EndsWith(TemporaryExtension, StringComparison.Ordinal)
            && Path.GetFileName(path).Contains(Extension + ".", StringComparison.Ordinal));

    /// <summary>The index beside a file, or null if none fits the file.</summary>
    /// <param name="textPath">The text file.</param>
    /// <param name="content">Its content.</param>
    /// <param name="written">Time of the file's last change.</param>
    /// <param name="rule">Which documents are to be held out.</param>
    /// <param name="isAlone">
    /// Whether the file is a whole input. If such a file has fewer documents than n of <paramref name="rule"/>, their number replaces n.
    /// </param>
    public static DocumentIndex? Read(string textPath, TextContent content, DateTime written, HeldOutRule rule, bool isAlone)
    {
        string path = textPath + Extension;
        try
        {
            if (!File.Exists(path)) return null;
            using FileStream file = Open(path);
            if (Header(file) is not { } header || header.Bytes != content.Length || header.Written != written.Ticks
                || !(header.Rule == rule || (isAlone && header.Documents < rule.Every && header.Rule == new HeldOutRule(header.Documents,
                    0)))
                || header.Sample != Sample(content) || !IsWhole(file))
                return null;

            file.Seek(Magic.Length + (header.TrainDocuments * HashBytes), SeekOrigin.Begin);
            return new()
            {
                Sha256 = header.Sha256,
                Rule = header.Rule,
                Documents = header.Documents,
                TrainIds = header.TrainIds,
                TrainBefore = Array<long>(file, header.TrainSegments),
                TrainPlaces = Array<long>(file, header.TrainSegments),
                HeldOut = Array<HeldOutDocument>(file, header.HeldOutDocuments),
                HeldOutBefore = Array<long>(file, header.HeldOutSegments),
                HeldOutPlaces = Array<long>(file, header.HeldOutSegments),
                TrainHashes = new HashesOnDisk(path, header, content),
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException or InvalidDataException)
        {
            return null; // The index cannot be read, or another process is replacing it. The text itself is there.
        }
    }

    /// <summary>Builds the index and stores it beside the file, or keeps it only in memory if that is not possible.</summary>
    public static DocumentIndex Build(
        string textPath, TextContent content, DateTime written, HeldOutRule rule, Action<long>? progress,
        CancellationToken cancellationToken)
    {
        // A unique name, because two loads at the same time must not share the temporary file.
        string path = textPath + Extension, temporary = $"{path}.{Guid.NewGuid():N}{TemporaryExtension}";
        if (TryCreate(temporary) is { } file)
        {
            try
            {
                using (file)
                {
                    file.Write(Magic);
                    WrittenHashes hashes = new(file);
                    Write(file, DocumentIndexer.Build(content, rule, hashes, progress, cancellationToken), hashes.Count, content, written);
                }

                AtomicFile.Replace(temporary, path);
                // Another load may have replaced this index by one with another held-out share.
                if (Read(textPath, content, written, rule, isAlone: false) is { } index) return index;
            }
            catch (Exception failure) when (failure is IOException and not CorpusException or UnauthorizedAccessException)
            {
                // The disk is full, or the index cannot be written. The text itself is there.
            }
            finally
            {
                File.Delete(temporary); // It exists only if something failed.
            }
        }

        return DocumentIndexer.Build(content, rule, new HashesInMemory(), progress, cancellationToken);
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static FileStream? TryCreate(string path)
    {
        try
        {
            return new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, 1 << 16);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Write(FileStream file, DocumentIndex index, long trainDocuments, TextContent content, DateTime written)
    {
        file.Write(MemoryMarshal.AsBytes(index.TrainBefore.AsSpan()));
        file.Write(MemoryMarshal.AsBytes(index.TrainPlaces.AsSpan()));
        file.Write(MemoryMarshal.AsBytes(index.HeldOut.AsSpan()));
        file.Write(MemoryMarshal.AsBytes(index.HeldOutBefore.AsSpan()));
        file.Write(MemoryMarshal.AsBytes(index.HeldOutPlaces.AsSpan()));
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new FileHeader(
            content.Length, written.Ticks, Sample(content), index.Sha256, index.Rule, index.Documents, index.TrainIds, trainDocuments,
            index.TrainPlaces.Length, index.HeldOut.Length, index.HeldOutPlaces.Length));
        file.Write(header);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, header.Length);
        file.Write(length);
        file.Flush();
        file.Position = 0;
        byte[] digest = SHA256.HashData(file);
        file.Write(digest);
        file.Flush(flushToDisk: true);
    }

    private static FileHeader? Header(FileStream file)
    {
        const int trailer = sizeof(int) + SHA256.HashSizeInBytes;
        if (file.Length < Magic.Length + trailer) return null;
        byte[] magic = Array<byte>(file, Magic.Length);
        file.Seek(-trailer, SeekOrigin.End);
        int length = BinaryPrimitives.ReadInt32LittleEndian(Array<byte>(file, sizeof(int)));
        if (!magic.AsSpan().SequenceEqual(Magic) || length < 0 || length > file.Length - Magic.Length - trailer) return null;
        file.Seek(-trailer - length, SeekOrigin.End);
        return JsonSerializer.Deserialize<FileHeader>(Array<byte>(file, length));
    }

    private static bool IsWhole(FileStream file)
    {
        file.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (long left = file.Length - SHA256.HashSizeInBytes; left > 0;)
        {
            int read = file.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (read == 0) return false;
            hash.AppendData(buffer.AsSpan(0, read));
            left -= read;
        }

        return hash.GetHashAndReset().AsSpan().SequenceEqual(Array<byte>(file, SHA256.HashSizeInBytes));
    }

    private static T[] Array<T>(FileStream file, int count)
        where T : unmanaged
    {
        if (count < 0 || (long)count * Marshal.SizeOf<T>() > file.Length) throw new InvalidDataException($"{file.Name}: {count} entries.");
        var values = new T[count];
        file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>
    /// A digest of the last block and of evenly spread blocks of the content. It detects most changes that keep length and time.
    /// </summary>
    private static string Sample(TextContent content)
    {
        byte[] buffer = new byte[SampledBlock];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IEnumerable<long> spread = EvenSpread.Places(SampledBlocks,
            Math.Max(1, content.Length / SampledBlock)).Select(block => block * SampledBlock);
        foreach (long position in spread.Append(Math.Max(0, content.Length - SampledBlock)))
        {
            ReadOnlySpan<byte> bytes = content.Read(position, buffer);
            hash.AppendData(bytes[..Math.Min(bytes.Length, SampledBlock)]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record FileHeader(
        long Bytes, long Written, string Sample, string Sha256, HeldOutRule Rule, long Documents, long TrainIds, long TrainDocuments,
        int TrainSegments, int HeldOutDocuments, int HeldOutSegments);

    /// <summary>Hashes that are written to disk as they are added.</summary>
    private sealed class WrittenHashes(FileStream file) : IHashList
    {
        public long Count { get; private set; }

        public void Add(UInt128 hash)
        {
            Span<byte> bytes = stackalloc byte[HashBytes];
            BinaryPrimitives.WriteUInt128LittleEndian(bytes, hash);
            file.Write(bytes);
            Count++;
        }

        public IEnumerable<UInt128> Read() => throw new NotSupportedException("The file is read when it is whole.");
    }

    /// <summary>
    /// Hashes of a stored index. If another load has replaced the index meanwhile, for example with another held-out share, the hashes are
    /// computed again from the text. With the hashes of the other index, held-out documents would be dropped that training does not repeat.
    /// </summary>
    private sealed class HashesOnDisk(string path, FileHeader header, TextContent content) : IHashList
    {
        public void Add(UInt128 hash) => throw new NotSupportedException("The index is complete.");

        public IEnumerable<UInt128> Read()
        {
            using FileStream? file = OpenSame();
            IEnumerable<UInt128> hashes = file is not null
                ? Read(file, Magic.Length, header.TrainDocuments)
                : DocumentIndexer.Build(content, header.Rule, new HashesInMemory(), null, default).TrainHashes.Read();
            foreach (UInt128 hash in hashes) yield return hash;
        }

        /// <summary>
        /// The index, or null if it is not the one with the known header. An index is replaced as a whole, never changed in place.
        /// </summary>
        private FileStream? OpenSame()
        {
            FileStream? file = null;
            try
            {
                file = Open(path);
                if (Header(file) == header) return file;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException or InvalidDataException)
            {
                // Treated like another index.
            }

            file?.Dispose();
            return null;
        }

        public static IEnumerable<UInt128> Read(FileStream file, long position, long count)
        {
            file.Position = position;
            byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
            try
            {
                while (count > 0)
                {
                    int some = (int)Math.Min(count, buffer.Length / HashBytes);
                    file.ReadExactly(buffer, 0, some * HashBytes);
                    for (int i = 0; i < some; i++) yield return BinaryPrimitives.ReadUInt128LittleEndian(buffer.AsSpan(i * HashBytes));
                    count -= some;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}

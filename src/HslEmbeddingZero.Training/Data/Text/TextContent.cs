using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace HslEmbeddingZero.Training;

/// <summary>Bytes of text that can be read at any position, in memory or in a file of any size.</summary>
internal abstract class TextContent
{
    public abstract long Length { get; }

    /// <summary>Returns the bytes from a position on: at least as many as the buffer holds, and fewer only at the end.</summary>
    /// <param name="position">Where to begin.</param>
    /// <param name="buffer">Space for bytes that must be copied.</param>
    public abstract ReadOnlySpan<byte> Read(long position, Span<byte> buffer);
}

internal sealed class MemoryContent(ReadOnlyMemory<byte> bytes) : TextContent
{
    public override long Length => bytes.Length;

    public override ReadOnlySpan<byte> Read(long position, Span<byte> buffer) => bytes.Span[(int)position..];
}

/// <summary>
/// A file that is read when needed. It is not memory-mapped: if a mapped file is truncated, the system ends the process, but a short read
/// can be refused. Both use the system's page cache.
/// </summary>
internal sealed class FileContent(string path, long length, DateTime written, OpenFiles files) : TextContent
{
    public string Path => path;

    public override long Length => length;

    /// <exception cref="CorpusException">The file has changed since it was indexed, or cannot be read.</exception>
    public override ReadOnlySpan<byte> Read(long position, Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, length - position);
        try
        {
            files.Read(this, position, buffer[..wanted]);
        }
        catch (Exception failure) when (failure is IOException and not CorpusException or UnauthorizedAccessException)
        {
            throw new CorpusException($"{path}: cannot be read. {failure.Message}", failure);
        }

        return buffer[..wanted];
    }

    /// <summary>Fills the span from an open handle, and checks that the file is the one that was indexed.</summary>
    public void Fill(SafeFileHandle handle, long position, Span<byte> bytes)
    {
        for (int read = 0, more; read < bytes.Length; read += more)
        {
            more = RandomAccess.Read(handle, bytes[read..], position + read);
            if (more == 0) throw Changed(handle);
        }

        if (RandomAccess.GetLength(handle) != length || File.GetLastWriteTimeUtc(handle) != written) throw Changed(handle);
    }

    private CorpusException Changed(SafeFileHandle handle) => new(
        $"{path}: the file has changed since it was read for the first time: {length} bytes of {written:u} then, "
        + $"{RandomAccess.GetLength(handle)} of {File.GetLastWriteTimeUtc(handle):u} now. Load the corpus anew.");
}

/// <summary>The open files of a corpus. Their number is limited, because the system also limits it.</summary>
internal sealed class OpenFiles : IDisposable
{
    private const int Most = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<FileContent, SafeFileHandle> _handles = [];
    private readonly Queue<FileContent> _order = new();
    private bool _disposed;

    public void Read(FileContent file, long position, Span<byte> bytes)
    {
        lock (_lock) // A handle must not be closed during a read. Usually only one thread reads.
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(TextCorpus));
            file.Fill(Handle(file), position, bytes);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (SafeFileHandle handle in _handles.Values) handle.Dispose();
            _handles.Clear();
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The dictionary owns the handle.")]
    private SafeFileHandle Handle(FileContent file)
    {
        if (_handles.TryGetValue(file, out SafeFileHandle? handle)) return handle;
        if (_handles.Count == Most && _handles.Remove(_order.Dequeue(), out SafeFileHandle? oldest)) oldest.Dispose();
        handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
            FileOptions.RandomAccess);
        _order.Enqueue(file);
        return _handles[file] = handle;
    }
}

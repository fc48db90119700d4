using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace HslEmbeddingZero.Training;

/// <summary>Bytes of text, read at any place: in memory, or of a file of any size.</summary>
internal abstract class TextContent
{
    public abstract long Length { get; }

    /// <summary>Bytes from a position on: as many as the buffer holds, or more; fewer only at the end.</summary>
    /// <param name="position">Where to begin.</param>
    /// <param name="buffer">Room for what has to be copied.</param>
    public abstract ReadOnlySpan<byte> Read(long position, Span<byte> buffer);
}

internal sealed class MemoryContent(ReadOnlyMemory<byte> bytes) : TextContent
{
    public override long Length => bytes.Length;

    public override ReadOnlySpan<byte> Read(long position, Span<byte> buffer) => bytes.Span[(int)position..];
}

/// <summary>
/// A file that is read where it lies. It is not mapped into memory: where a mapped file is cut short, the system ends the process; a read
/// comes back short, and can be refused. Both go through the system's page cache.
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

    /// <summary>Fills the span from an open handle, and makes sure that the file is the one that was indexed.</summary>
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

/// <summary>The files of a corpus that are open: a limited number, as systems limit it too.</summary>
internal sealed class OpenFiles : IDisposable
{
    private const int Most = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<FileContent, SafeFileHandle> _handles = [];
    private readonly Queue<FileContent> _order = new();
    private bool _disposed;

    public void Read(FileContent file, long position, Span<byte> bytes)
    {
        lock (_lock) // A handle must not be closed meanwhile. One thread reads most of the time.
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

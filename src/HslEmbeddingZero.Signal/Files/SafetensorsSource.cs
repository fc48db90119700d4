using Microsoft.Win32.SafeHandles;

namespace HslEmbeddingZero;

/// <summary>The bytes of a safetensors file, on disk or in memory.</summary>
internal abstract class SafetensorsSource : IDisposable
{
    /// <summary>The path of the file, or what messages call it.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes of the file.</summary>
    public abstract long Length { get; }

    /// <summary>Reads until the span is full.</summary>
    /// <exception cref="SafetensorsException">The file ends too early, although its length said otherwise.</exception>
    public void ReadFully(Span<byte> destination, long position)
    {
        while (destination.Length > 0)
        {
            int read = Read(destination, position);
            if (read == 0) throw new SafetensorsException($"{Name}: the file ended at byte {position} while it was being read.");
            destination = destination[read..];
            position += read;
        }
    }

    public abstract void Dispose();

    /// <summary>Reads some bytes, 0 at the end.</summary>
    protected abstract int Read(Span<byte> destination, long position);
}

/// <summary>A file on disk.</summary>
internal sealed class SafetensorsFile : SafetensorsSource
{
    private readonly SafeFileHandle _file;

    private SafetensorsFile(string path, SafeFileHandle file) => (Name, _file) = (path, file);

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override long Length => RandomAccess.GetLength(_file);

    /// <summary>Opens a file.</summary>
    /// <exception cref="SafetensorsException">The path is not that of a file.</exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission to read the file.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (FilePath.Misfit(path) is { } misfit) throw new SafetensorsException($"{path}: {misfit}.");
        return new(path, File.OpenHandle(path, options: FileOptions.SequentialScan));
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    /// <inheritdoc/>
    protected override int Read(Span<byte> destination, long position) => RandomAccess.Read(_file, destination, position);
}

/// <summary>A whole file in memory.</summary>
internal sealed class SafetensorsBytes(byte[] bytes, string name) : SafetensorsSource
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override long Length => bytes.Length;

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    /// <inheritdoc/>
    protected override int Read(Span<byte> destination, long position)
    {
        int count = Math.Min(destination.Length, bytes.Length - (int)position);
        bytes.AsSpan((int)position, count).CopyTo(destination);
        return count;
    }
}

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A file that only this process writes. Its errors are <see cref="OutputException"/>, so that a full disk is not taken for an input that
/// cannot be read.
/// </summary>
internal sealed class OutputFile : Stream
{
    private const int BufferSize = 1 << 20;
    private const int SharingViolation = unchecked((int)0x80070020); // Windows
    private const int WouldBlockOnLinux = 11;
    private const int WouldBlockOnMacOs = 35;

    /// <summary>
    /// On Linux and macOS, None takes a lock that holds between .NET processes; every other value lets a second writer in. Windows needs
    /// Delete to rename an open file, and still lets nobody else read or write it.
    /// </summary>
    private static readonly FileShare Alone = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;

    private readonly FileStream _file;

    private OutputFile(FileStream file) => _file = file;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => _file.Length;

    public override long Position
    {
        get => _file.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <summary>Opens a file, or creates it.</summary>
    /// <exception cref="OutputException">Another process writes the file, or it cannot be opened.</exception>
    public static OutputFile Open(string path)
    {
        while (true)
        {
            FileStream file;
            try
            {
                file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, Alone, BufferSize);
            }
            catch (IOException error) when (error.HResult is SharingViolation or WouldBlockOnLinux or WouldBlockOnMacOs)
            {
                throw new OutputException(
                    $"{path}: another process is writing this file. Wait until it ends, or name another --out.", error);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new OutputException($"{path} cannot be written: {error.Message}", error);
            }

            // Another process may have renamed or deleted the file between opening and locking. Then this lock protects nothing.
            if (File.Exists(path)) return new OutputFile(file);
            file.Dispose();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => _file.Read(buffer, offset, count);

    public override int Read(Span<byte> buffer) => _file.Read(buffer);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _file.Write(buffer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(error.Message, error);
        }
    }

    public override void Flush() => Guard(_file.Flush);

    /// <summary>Writes everything to the disk.</summary>
    public void FlushToDisk() => Guard(() => _file.Flush(flushToDisk: true));

    public override long Seek(long offset, SeekOrigin origin)
    {
        Guard(() => _file.Seek(offset, origin)); // writes what the buffer holds
        return _file.Position;
    }

    public override void SetLength(long value) => Guard(() => _file.SetLength(value));

    /// <summary>Cuts the file off and continues at its new end.</summary>
    public void CutTo(long length)
    {
        if (Length != length) SetLength(length);
        Position = length;
    }

    /// <summary>Closes the file. A full disk was reported before; an error while closing must not hide that report.</summary>
    public void CloseQuietly()
    {
        try
        {
            Dispose();
        }
        catch (IOException)
        {
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
        base.Dispose(disposing);
    }

    private static void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(error.Message, error);
        }
    }
}

/// <summary>The output cannot be written. The run ends.</summary>
internal sealed class OutputException(string message, Exception inner) : IOException(message, inner);

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A file that only this process writes. Its errors are <see cref="OutputException"/>, so that a full disk is not taken for an input that
/// cannot be read.
/// </summary>
internal sealed class OutputFile : FileStream
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

    /// <exception cref="IOException">Another process has the file open. The message says so.</exception>
    private OutputFile(string path, FileMode mode)
        : base(path, mode, FileAccess.ReadWrite, Alone, BufferSize)
    {
    }

    /// <summary>Opens a file, or creates it.</summary>
    /// <exception cref="OutputException">Another process writes the file, or it cannot be opened.</exception>
    public static OutputFile Open(string path)
    {
        while (true)
        {
            OutputFile file;
            try
            {
                file = new OutputFile(path, FileMode.OpenOrCreate);
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
            if (File.Exists(path)) return file;
            file.Dispose();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Guard(() => base.Write(buffer, offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            base.Write(buffer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(error.Message, error);
        }
    }

    public override void Flush(bool flushToDisk) => Guard(() => base.Flush(flushToDisk));

    /// <summary>Cuts the file off and continues at its new end.</summary>
    public void CutTo(long length) => Guard(() =>
    {
        if (Length != length) SetLength(length);
        Position = length;
    });

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

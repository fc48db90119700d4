using Microsoft.Win32.SafeHandles;

namespace HslEmbeddingZero.Samples;

/// <summary>Standard output as a stream of bytes that tells when nobody reads it any more.</summary>
internal static class StandardOutput
{
    private const int BrokenPipe = 32; // EPIPE, on Linux and macOS

    /// <summary>
    /// Opens the stream. The console's own stream drops what is written to a closed pipe, so "generate | head -1" would go on to its end.
    /// </summary>
    public static Stream Open()
    {
        if (OperatingSystem.IsWindows()) return Console.OpenStandardOutput();
        FileStream direct = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // A file keeps one position for all its writers, which a FileStream would not move.
        return direct.CanSeek ? Console.OpenStandardOutput() : direct;
    }

    /// <summary>Whether an error says that the reader of a pipe has gone.</summary>
    public static bool HasNoReader(IOException error) => error.HResult == BrokenPipe;
}

namespace HslEmbeddingZero;

/// <summary>What a path stands for: a file on a disk, or something that only looks like one.</summary>
internal static class FilePath
{
    /// <summary>Folders of devices and of open files, and the one below them that holds files.</summary>
    private const string Devices = "/dev/", Processes = "/proc/", SharedMemory = "/dev/shm/";

    /// <summary>The full path of the file, behind all symbolic links. The file need not exist.</summary>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static string Resolve(string path)
    {
        FileInfo file = new(Path.GetFullPath(path));
        return file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }

    /// <summary>Whether a path without links is a pipe or a device. Such a file has no length and cannot be renamed over.</summary>
    public static bool IsPipeOrDevice(string resolved)
    {
        if (OperatingSystem.IsWindows()) return false;
        if (resolved.StartsWith(SharedMemory, StringComparison.Ordinal)) return false;
        if (resolved.StartsWith(Devices, StringComparison.Ordinal) || resolved.StartsWith(Processes, StringComparison.Ordinal)) return true;
        if (!File.Exists(resolved) || new FileInfo(resolved).Length > 0) return false;
        try
        {
            // Opened for reading alone, a pipe would wait for its writer.
            const FileShare all = FileShare.ReadWrite | FileShare.Delete;
            using FileStream probe = new(resolved, FileMode.Open, FileAccess.ReadWrite, all, bufferSize: 0);
            return !probe.CanSeek;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // The caller's own attempt gives the error.
        }
    }

    /// <summary>Why a path cannot be read as a file, or null. A missing file is the reader's own error.</summary>
    public static string? Misfit(string path)
    {
        if (Directory.Exists(path)) return "this is a folder; name a file";
        return File.Exists(path) && IsPipeOrDevice(Resolve(path))
            ? "this is a pipe or a device; write its content to a file and name that file"
            : null;
    }
}

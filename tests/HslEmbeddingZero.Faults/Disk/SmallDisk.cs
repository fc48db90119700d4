using System.Diagnostics;

namespace HslEmbeddingZero.Faults;

/// <summary>An in-memory file system of a few megabytes that can be filled or made read-only. Only root can create it.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Its root folder.</summary>
    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Creates the disk, or returns the reason why this is not possible.</summary>
    public static SmallDisk? TryMake(string path, int megabytes, out string reason)
    {
        reason = "only Linux has the file system for it";
        return OperatingSystem.IsLinux() && Call("mount", out reason, "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path)
            ? new SmallDisk(path) : null;
    }

    /// <summary>Fills the disk until only this many bytes are free.</summary>
    public void Fill(long free)
    {
        long size = new DriveInfo(Path).AvailableFreeSpace - free;
        using FileStream file = File.Create(Filler);
        byte[] block = new byte[1 << 16];
        for (long left = size; left > 0; left -= block.Length) file.Write(block, 0, (int)Math.Min(left, block.Length));
    }

    public void Empty() => File.Delete(Filler);

    public void MakeReadOnly() => Require("mount", "-o", "remount,ro", Path);

    public void MakeWritable() => Require("mount", "-o", "remount,rw", Path);

    public void Dispose() => Require("umount", Path);

    private static void Require(string program, params string[] arguments)
    {
        if (!Call(program, out string reason, arguments)) throw new InvalidOperationException(reason);
    }

    private static bool Call(string program, out string reason, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            reason = process.StandardError.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            reason = failure.Message;
            return false;
        }
    }
}

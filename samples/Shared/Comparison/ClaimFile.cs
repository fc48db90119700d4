using System.Text;
using System.Text.Json;

namespace HslEmbeddingZero.Samples;

/// <summary>The line of a claim file.</summary>
/// <param name="Id">A random number of this claim. No other claim has it, of this process neither.</param>
/// <param name="Holder">The process that holds the claim.</param>
/// <param name="LastsSeconds">Seconds for which the claim is good after its last beat.</param>
/// <param name="Beats">Counts up while the holder lives.</param>
internal sealed record ClaimLine(string Id, ClaimHolder Holder, double LastsSeconds, long Beats = 0)
{
    public TimeSpan Lasts => TimeSpan.FromSeconds(LastsSeconds);

    /// <summary>The line of a file's text; null where it is damaged.</summary>
    public static ClaimLine? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<ClaimLine>(text, SampleJson.Line) is
            { Id.Length: > 0, LastsSeconds: > 0 and < 1e6, Holder: { Machine: not null, Boot: not null, PidNamespace: not null } } line
                ? line : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The file's text. It has the same length for every count of beats, so that one beat overwrites the other.</summary>
    public string ToText() => Json(Beats).PadRight(Json(long.MaxValue).Length) + "\n";

    private string Json(long beats) => JsonSerializer.Serialize(
        new { Id, Holder, LastsSeconds, Beats = beats }, SampleJson.Line);
}

/// <summary>
/// Reads and writes claim files. Other processes and machines do the same at any time, so each method is one operation of the file system,
/// or works on the file that it has opened, wherever that is renamed to.
/// </summary>
internal static class ClaimFile
{
    private const int MostBytes = 4096;
    private const FileShare WithAll = FileShare.ReadWrite | FileShare.Delete;

    /// <summary>What the systems call a file that exists: EEXIST, and two codes of Windows.</summary>
    private static readonly int[] Exists = [17, unchecked((int)0x80070050), unchecked((int)0x800700B7)];

    /// <summary>Creates a file with O_EXCL, which is atomic on a local disk and on NFS since version 3.</summary>
    /// <returns>False where the file exists.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static bool TryCreate(string path, ClaimLine line)
    {
        FileStream file;
        try
        {
            file = new(path, FileMode.CreateNew, FileAccess.Write, WithAll, bufferSize: 0);
        }
        catch (IOException taken) when (Exists.Contains(taken.HResult))
        {
            return false;
        }

        try
        {
            using (file) Write(file, line);
            return true;
        }
        catch
        {
            File.Delete(path); // Empty, it would keep the others waiting.
            throw;
        }
    }

    /// <returns>The text; null where there is no file.</returns>
    public static string? Read(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, WithAll, bufferSize: 0);
            return Read(file);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Overwrites a claim by its next beat. A rename could replace the claim of a process that has taken over after the check. A write
    /// to the checked file cannot. It also needs no space on a full disk.
    /// </summary>
    /// <returns>False where the file is gone or holds another claim.</returns>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static bool TryBeat(string path, ClaimLine line)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, WithAll, bufferSize: 0);
            if (ClaimLine.Parse(Read(file))?.Id != line.Id) return false;
            file.Position = 0;
            Write(file, line);
            return true;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Whether a file holds this claim.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool Holds(string path, ClaimLine line) => Read(path) is { } text && ClaimLine.Parse(text)?.Id == line.Id;

    private static string Read(FileStream file)
    {
        byte[] bytes = new byte[MostBytes];
        return Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, MostBytes, throwOnEndOfStream: false));
    }

    private static void Write(FileStream file, ClaimLine line)
    {
        file.Write(Encoding.UTF8.GetBytes(line.ToText()));
        file.Flush(flushToDisk: true);
    }
}

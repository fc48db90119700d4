using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// An output file that is written for hours by a process that may be killed at any moment. The output is NAME.partial until it is complete.
/// NAME.progress.json holds the length that is valid and the position in the sources. NAME.damaged.jsonl lists what was skipped. A resumed
/// run truncates both files to the saved lengths and continues, so that the result is the same.
/// </summary>
internal sealed class PreparedFile<TState> : IDisposable
    where TState : class
{
    private const int BufferSize = 1 << 20;

    private readonly string _path;
    private readonly string _job;
    private readonly FileStream _damageStream;

    /// <summary>Opens a new file, or the file of an earlier run at its last saved point.</summary>
    /// <param name="path">Path of the complete file.</param>
    /// <param name="job">Everything that determines the content. A resumed run must have the same job.</param>
    /// <param name="resume">True to resume an earlier run, if there is one.</param>
    /// <exception cref="InvalidDataException">The earlier run had another job, or its files are damaged.</exception>
    public PreparedFile(string path, string job, bool resume)
    {
        _path = path;
        _job = job;
        RequireWritable(path);
        Saved? saved = resume && File.Exists(ProgressPath) && File.Exists(PartialPath) ? ReadSaved() : null;
        Resumed = saved?.State;
        Stream = Open(PartialPath, saved?.Length ?? 0);
        try
        {
            _damageStream = Open(DamagePath, saved?.DamageLength ?? 0);
        }
        catch
        {
            Stream.Dispose();
            throw;
        }

        Damage = new DamageLog(_damageStream, saved?.DamageCount ?? 0);
        if (saved is null) File.Delete(ProgressPath);
    }

    /// <summary>Position in the sources when the earlier run was last saved; null for a new file.</summary>
    public TState? Resumed { get; }

    /// <summary>The output.</summary>
    public FileStream Stream { get; }

    /// <summary>The log of skipped records.</summary>
    public DamageLog Damage { get; }

    /// <summary>Path of the list of skipped records. The list is deleted at the end if nothing was skipped.</summary>
    public string DamagePath => _path + ".damaged.jsonl";

    /// <summary>Path of the output so far.</summary>
    public string PartialPath => _path + ".partial";

    private string ProgressPath => _path + ".progress.json";

    /// <summary>Flushes everything written so far to disk and saves the position for a resume.</summary>
    public void Save(TState state)
    {
        Stream.Flush(flushToDisk: true);
        _damageStream.Flush(flushToDisk: true);
        string json = JsonSerializer.Serialize(new Saved(_job, Stream.Position, _damageStream.Position, Damage.Count, state));
        AtomicFile.WriteText(ProgressPath, $"{Digest(json)}\n{json}");
    }

    /// <summary>Renames the output and its companion files to their final names. Nothing more can be written.</summary>
    /// <param name="companions">Temporary and final paths. All files are complete before the first rename: the disk may be full.</param>
    public void Finish(params IEnumerable<(string Temporary, string Path)> companions)
    {
        Stream.Flush(flushToDisk: true);
        _damageStream.Flush(flushToDisk: true);
        Dispose();
        foreach ((string temporary, string path) in companions) AtomicFile.Replace(temporary, path);
        AtomicFile.Replace(PartialPath, _path);
        File.Delete(ProgressPath);
        if (Damage.Count == 0) File.Delete(DamagePath);
    }

    public void Dispose()
    {
        Close(Stream);
        Close(_damageStream);
    }

    /// <summary>Closes a stream. A full disk was reported before; an error while closing must not hide that report.</summary>
    private static void Close(FileStream stream)
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
        }
    }

    private static FileStream Open(string path, long length)
    {
        FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, BufferSize);
        try
        {
            if (stream.Length < length)
                throw new InvalidDataException(
                    $"{path}: {stream.Length} bytes; the progress file says {length}. Start again without --resume.");
            stream.SetLength(length);
            stream.Position = length;
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static void RequireWritable(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(folder);
            if (Directory.Exists(path)) throw new IOException("it is a folder");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--out {path} cannot be written: {failure.Message}", failure);
        }
    }

    private Saved ReadSaved()
    {
        const int longest = 1 << 20;
        Saved? saved = null;
        if (new FileInfo(ProgressPath).Length <= longest && File.ReadAllText(ProgressPath).Split('\n', 2) is [var digest, var json]
            && digest == Digest(json))
            saved = JsonSerializer.Deserialize<Saved>(json);
        if (saved is null)
            throw new InvalidDataException(
                $"{ProgressPath}: damaged, or not a progress file of at most {longest} bytes. Start again without --resume.");
        if (saved.Job != _job)
            throw new InvalidDataException(
                $"{ProgressPath}: belongs to another job.{Environment.NewLine}  then: {saved.Job}{Environment.NewLine}  now:  {_job}");
        return saved;
    }

    /// <summary>Detects damage to the progress file. Undetected damage could make the output wrong.</summary>
    private static string Digest(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));

    private sealed record Saved(string Job, long Length, long DamageLength, long DamageCount, TState State);
}

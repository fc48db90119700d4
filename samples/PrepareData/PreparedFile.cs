using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A file that grows for hours and may be killed at any moment. What is written lies in NAME.partial until it is whole; NAME.progress.json
/// says how far it is good and where its sources stand, and NAME.damaged.jsonl lists what was skipped. A resumed run cuts both files back
/// to that point and goes on, so that the result is the same.
/// </summary>
internal sealed class PreparedFile<TState> : IDisposable
    where TState : class
{
    private const int BufferSize = 1 << 20;

    private readonly string _path;
    private readonly string _job;
    private readonly FileStream _damageStream;

    /// <summary>Opens the file afresh, or where an earlier run stopped.</summary>
    /// <param name="path">What it is to be called when it is whole.</param>
    /// <param name="job">All that decides the content; a resumed run must have the same.</param>
    /// <param name="resume">True to go on from an earlier run, where there is one.</param>
    /// <exception cref="InvalidDataException">The earlier run did another job, or its files are damaged.</exception>
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

    /// <summary>Where the sources stood when the earlier run was last saved; null at a fresh start.</summary>
    public TState? Resumed { get; }

    /// <summary>Takes what is written.</summary>
    public FileStream Stream { get; }

    /// <summary>Takes what is skipped.</summary>
    public DamageLog Damage { get; }

    /// <summary>The list of what was skipped; gone at the end where nothing was.</summary>
    public string DamagePath => _path + ".damaged.jsonl";

    /// <summary>What is written so far.</summary>
    public string PartialPath => _path + ".partial";

    private string ProgressPath => _path + ".progress.json";

    /// <summary>Makes all that is written so far good.</summary>
    public void Save(TState state)
    {
        Stream.Flush(flushToDisk: true);
        _damageStream.Flush(flushToDisk: true);
        string json = JsonSerializer.Serialize(new Saved(_job, Stream.Position, _damageStream.Position, Damage.Count, state));
        AtomicFile.WriteText(ProgressPath, $"{Digest(json)}\n{json}");
    }

    /// <summary>Gives the file its name, and with it files that belong to it. Nothing more can be written.</summary>
    /// <param name="companions">Their temporary names and their own. All is written before, so that a full disk can divide nothing.</param>
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

    /// <summary>A full disk has been reported already when the stream is closed; closing must not hide that.</summary>
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

    /// <summary>Shows damage to the file, which could otherwise make the output wrong unseen.</summary>
    private static string Digest(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));

    private sealed record Saved(string Job, long Length, long DamageLength, long DamageCount, TState State);
}

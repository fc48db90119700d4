using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A point of a run to which a later run can go back.</summary>
/// <param name="Input">The input that was read.</param>
/// <param name="IsDone">True where the input is finished, false in the middle of it.</param>
/// <param name="Fault">Why the finished input was not read, or not to its end; null if it was.</param>
/// <param name="Length">Bytes of the output that are valid.</param>
/// <param name="Damage">Where the list of damaged records stands.</param>
/// <param name="State">What the command needs to go on from here.</param>
internal sealed record SavedPoint<TState>(InputFile Input, bool IsDone, InputFault? Fault, long Length, DamageMark Damage, TState? State)
    where TState : class;

/// <summary>
/// The progress file of a run. The first line holds the command and its options, every other line a saved point. A line begins with a
/// digest of its text and of the digest before it, so that no line can change, vanish or move unnoticed. Lines are only added at the end:
/// a kill can cut off the last line, and the points before it stay true.
/// </summary>
internal sealed class ProgressJournal<TState> : IDisposable
    where TState : class
{
    private const int Version = 2; // The first version was one object that was rewritten at every save.
    private const int DigestLength = 64;
    private const long Largest = 1 << 30;

    private readonly string _path;
    private readonly Header _header;
    private readonly StringBuilder _pending = new();
    private readonly List<Line> _lines = [];
    private OutputFile? _file;
    private string _digest = "";

    /// <summary>Opens the journal of an earlier run, if there is one. Nothing is changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="command">Name of the command.</param>
    /// <param name="options">Options that determine the content, with their values.</param>
    /// <param name="isRead">True to read the points of the earlier run.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of an earlier version, or of a run with other options.</exception>
    public ProgressJournal(string path, string command, IReadOnlyDictionary<string, string> options, bool isRead)
    {
        _path = path;
        _header = new Header(Version, command, options);
        if (!File.Exists(path)) return;
        _file = OutputFile.Open(path);
        try
        {
            if (isRead) Read();
        }
        catch
        {
            _file.CloseQuietly();
            throw;
        }
    }

    /// <summary>The points of the earlier run, in order.</summary>
    public IEnumerable<SavedPoint<TState>> Points => _lines.Skip(1).Select(line => line.Point!);

    /// <summary>Keeps the first points and removes the rest from the disk. Must come before the output is cut back.</summary>
    public void Keep(int points)
    {
        if (points == 0)
        {
            Delete();
            return;
        }

        _digest = _lines[points].Digest;
        _file!.CutTo(_lines[points].End);
        _file.FlushToDisk();
        _lines.Clear();
    }

    /// <summary>Adds a point. <see cref="Save"/> writes it.</summary>
    public void Add(SavedPoint<TState> point)
    {
        if (_digest.Length == 0) Append(JsonSerializer.Serialize(_header));
        Append(JsonSerializer.Serialize(point));
    }

    /// <summary>Writes the added points to the disk. What they say of the output must be there already.</summary>
    public void Save()
    {
        _file ??= OutputFile.Open(_path);
        _file.Write(Encoding.UTF8.GetBytes(_pending.ToString()));
        _file.FlushToDisk();
        _pending.Clear();
    }

    /// <summary>Deletes the file. The points that are added later begin a new one.</summary>
    public void Delete()
    {
        File.Delete(_path); // Before it is closed: another process may create its own as soon as it is.
        _file?.CloseQuietly();
        _file = null;
        _digest = "";
        _lines.Clear();
        _pending.Clear();
    }

    public void Dispose() => _file?.CloseQuietly();

    private void Append(string json)
    {
        _digest = DigestOf(_digest, json);
        _pending.Append(_digest).Append(' ').Append(json).Append('\n');
    }

    private void Read()
    {
        if (_file!.Length > Largest) throw Damaged();
        byte[] content = new byte[_file.Length];
        _file.ReadExactly(content);
        int start = 0;
        for (int end; (end = Array.IndexOf(content, (byte)'\n', start)) >= 0; start = end + 1)
        {
            string line = Encoding.UTF8.GetString(content, start, end - start);
            if (_lines.Count == 0 && line.Length == DigestLength && line.All(char.IsAsciiHexDigitLower))
                throw new InvalidDataException(
                    $"{_path}: an earlier version of this program wrote it. Start again without --resume, or resume with that version.");
            if (line.Length <= DigestLength || line[DigestLength] != ' ') throw Damaged();
            string json = line[(DigestLength + 1)..];
            _digest = DigestOf(_digest, json);
            if (!line.StartsWith(_digest, StringComparison.Ordinal)) throw Damaged();
            if (_lines.Count == 0) RequireSame(Parse<Header>(json));
            _lines.Add(new Line(_digest, end + 1, _lines.Count == 0 ? null : Parse<SavedPoint<TState>>(json)));
        }

        if (_lines.Count == 0) throw Damaged();
    }

    private void RequireSame(Header earlier)
    {
        if (earlier.Version != Version)
            throw new InvalidDataException(
                $"{_path}: version {earlier.Version} of the progress file; this program reads version {Version}. Start again without "
                    + "--resume.");
        if (earlier.Command != _header.Command)
            throw new InvalidDataException(
                $"{_path}: the command was '{earlier.Command}', is now '{_header.Command}'. Start again without --resume.");
        foreach (string option in earlier.Options.Keys.Union(_header.Options.Keys).Order(StringComparer.Ordinal))
        {
            string then = earlier.Options.TryGetValue(option, out string? was) ? $"'{was}'" : "not given";
            string now = _header.Options.TryGetValue(option, out string? value) ? $"'{value}'" : "not given";
            if (then != now)
                throw new InvalidDataException(
                    $"{_path}: {option} was {then}, is now {now}. Give the same as before, or start again without --resume.");
        }
    }

    private T Parse<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json) ?? throw Damaged();
        }
        catch (JsonException)
        {
            throw Damaged();
        }
    }

    private InvalidDataException Damaged() => new($"{_path}: damaged, or not a progress file. Start again without --resume.");

    private static string DigestOf(string before, string json) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(before + json)));

    private sealed record Header(int Version, string Command, IReadOnlyDictionary<string, string> Options);

    private sealed record Line(string Digest, long End, SavedPoint<TState>? Point);
}

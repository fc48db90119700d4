using System.Text.Json;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Writes a line for every skipped record or file: file, place and reason.</summary>
/// <param name="stream">The list.</param>
/// <param name="count">Records skipped so far.</param>
/// <param name="files">Files skipped so far.</param>
/// <param name="names">Names of the files, where several have the same.</param>
internal sealed class DamageLog(Stream stream, long count, long files = 0, FileNames? names = null)
{
    private const int Shown = 5;
    private readonly List<string> _first = [];

    /// <summary>Records skipped so far, including those before a resume.</summary>
    public long Count { get; private set; } = count;

    /// <summary>Files that were not read, or not to their end, including those before a resume.</summary>
    public long Files { get; private set; } = files;

    /// <summary>Whether nothing was skipped.</summary>
    public bool IsEmpty => Count == 0 && Files == 0;

    /// <summary>Where the list stands now.</summary>
    public DamageMark Mark => new(stream.Position, Count, Files, _first.Count);

    /// <summary>Logs a skipped record, or several records at one place.</summary>
    public void Add(string file, string place, string reason, long records = 1)
    {
        Count += records;
        string name = Show(file, place, reason);
        Write(new { File = name, Place = place, Records = records, Reason = reason });
    }

    /// <summary>Logs a file that was not read, or not to its end.</summary>
    public void AddFile(string file, string place, string reason)
    {
        Files++;
        string name = Show(file, place, reason);
        Write(new { File = name, Place = place, Reason = reason });
    }

    /// <summary>Removes the entries since a mark. The caller has cut the stream to it.</summary>
    public void ReturnTo(DamageMark mark)
    {
        (Count, Files) = (mark.Count, mark.Files);
        _first.RemoveRange(mark.Shown, _first.Count - mark.Shown);
    }

    /// <summary>Returns the number of skipped records, and the first few of this run.</summary>
    public IEnumerable<string> Summary(string path)
    {
        if (IsEmpty) yield break;
        string skipped = Files == 0 ? "" : $" and {Files} files";
        yield return $"  damaged and skipped: {Count} records{skipped}, listed in {path}";
        foreach (string line in _first) yield return $"    {line}";
    }

    /// <summary>Keeps the first few entries for the end of the run, and returns the name of the file.</summary>
    private string Show(string file, string place, string reason)
    {
        string name = names?.Of(file) ?? Path.GetFileName(file);
        if (_first.Count < Shown) _first.Add($"{name}, {place}: {reason}");
        return name;
    }

    private void Write<T>(T entry)
    {
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(entry, JsonSerializerOptions.Web));
        stream.Write("\n"u8);
    }
}

/// <summary>A place in the list of damaged records.</summary>
/// <param name="Length">Bytes of the list.</param>
/// <param name="Count">Records in it.</param>
/// <param name="Files">Files in it.</param>
/// <param name="Shown">Entries of this run that are shown at its end.</param>
internal readonly record struct DamageMark(long Length, long Count, long Files, int Shown = 0);

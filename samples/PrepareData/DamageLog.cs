using System.Text.Json;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Writes a line for every skipped record or file: file, place and reason.</summary>
/// <param name="stream">The list.</param>
/// <param name="count">Entries so far.</param>
/// <param name="files">Entries so far that are whole files.</param>
/// <param name="names">Names of the files, where several have the same.</param>
internal sealed class DamageLog(Stream stream, long count, long files = 0, FileNames? names = null)
{
    private const int Shown = 5;
    private readonly List<string> _first = [];

    /// <summary>Records and files skipped so far, including those before a resume.</summary>
    public long Count { get; private set; } = count;

    /// <summary>Files among them that were not read, or not to their end.</summary>
    public long Files { get; private set; } = files;

    /// <summary>Where the list stands now.</summary>
    public DamageMark Mark => new(stream.Position, Count, Files, _first.Count);

    /// <summary>Logs a skipped record.</summary>
    public void Add(string file, string place, string reason)
    {
        Count++;
        string name = names?.Of(file) ?? Path.GetFileName(file);
        if (_first.Count < Shown) _first.Add($"{name}, {place}: {reason}");
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(new { File = name, Place = place, Reason = reason }, JsonSerializerOptions.Web));
        stream.Write("\n"u8);
    }

    /// <summary>Logs a file that was not read, or not to its end.</summary>
    public void AddFile(string file, string place, string reason)
    {
        Add(file, place, reason);
        Files++;
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
        if (Count == 0) yield break;
        string skipped = Files == 0 ? "" : $" and {Files} files";
        yield return $"  damaged and skipped: {Count - Files} records{skipped}, listed in {path}";
        foreach (string line in _first) yield return $"    {line}";
    }
}

/// <summary>A place in the list of damaged records.</summary>
/// <param name="Length">Bytes of the list.</param>
/// <param name="Count">Entries in it.</param>
/// <param name="Files">Entries that are whole files.</param>
/// <param name="Shown">Entries of this run that are shown at its end.</param>
internal readonly record struct DamageMark(long Length, long Count, long Files, int Shown = 0);

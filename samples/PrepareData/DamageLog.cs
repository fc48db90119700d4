using System.Text.Json;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Writes a line for every skipped record: file, place and reason.</summary>
internal sealed class DamageLog(Stream stream, long count)
{
    private const int Shown = 5;
    private readonly List<string> _first = [];

    /// <summary>Records skipped so far, including those before a resume.</summary>
    public long Count { get; private set; } = count;

    /// <summary>Logs a skipped record, or several records at one place.</summary>
    public void Add(string file, string place, string reason, long records = 1)
    {
        Count += records;
        string name = Path.GetFileName(file);
        if (_first.Count < Shown) _first.Add($"{name}, {place}: {reason}");
        var entry = new { File = name, Place = place, Records = records, Reason = reason };
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(entry, JsonSerializerOptions.Web));
        stream.Write("\n"u8);
    }

    /// <summary>Returns the number of skipped records, and the first few of this run.</summary>
    public IEnumerable<string> Summary(string path)
    {
        if (Count == 0) yield break;
        yield return $"  damaged and skipped: {Count} records, listed in {path}";
        foreach (string line in _first) yield return $"    {line}";
    }
}

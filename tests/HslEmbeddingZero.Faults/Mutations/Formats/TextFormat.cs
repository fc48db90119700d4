using System.IO.Compression;
using System.Text;
using HslEmbeddingZero.Samples.PrepareData;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// Documents in plain or JSON lines, compressed or not. A file with a line that can be read is accepted; its damaged lines are skipped and
/// reported.
/// </summary>
internal sealed class TextFormat(string folder, string ending) : DamagedFormat
{
    private readonly string _path = Path.Combine(folder, "documents" + ending);
    private readonly bool _isText = ending is ".txt" or ".jsonl";
    private readonly byte[] _valid = Compress(ending, string.Concat(Enumerable.Range(0, 30).Select(i => ending == ".txt"
        ? $"Document {i}\nsecond é 안녕\n\n"
        : $$"""{"id":{{i}},"text":"Document {{i}}\n\nsecond \u00e9 안녕","more":{"a":[1,2.5,null,NaN]} }""" + "\n")));

    public override string? Read(Random random)
    {
        File.WriteAllBytes(_path, Mutator.Damage(_valid, random, _isText));
        return Refusal(_path, ReadAll, error => error is InvalidDataException);
    }

    private static byte[] Compress(string ending, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using MemoryStream compressed = new();
        using (Stream? compressor = ending.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(compressed, CompressionLevel.Optimal)
            : ending.EndsWith(".zst", StringComparison.Ordinal) ? new ZstdSharp.CompressionStream(compressed) : null)
        {
            if (compressor is null) return bytes;
            compressor.Write(bytes);
        }

        return compressed.ToArray();
    }

    private void ReadAll()
    {
        using MemoryStream text = new(), damage = new();
        TextStatistics statistics = new();
        DamageLog log = new(damage, 0);
        using (var input = TextInput.Open(_path, "text", default, longest: 1 << 16))
        {
            DocumentWriter writer = new(text, statistics);
            try
            {
                while (input.Next(writer, log)) continue;
                Require(input.BytesRead == new FileInfo(_path).Length, "it was not read to the end");
            }
            catch (EarlyEndException)
            {
                writer.EndDocument(); // The rest of a compressed file is lost. What was read before it stays.
            }
        }

        Require(System.Text.Unicode.Utf8.IsValid(text.GetBuffer().AsSpan(0, (int)text.Length)), "what was written is not UTF-8");
        string written = Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
        Require(text.Length == statistics.Bytes + statistics.Documents, "the figures do not fit what was written");
        Require(written.Split("\n\n").Length - 1 == statistics.Documents && !written.Contains("\n\n\n", StringComparison.Ordinal),
            "documents are divided wrongly");
    }
}

using System.Text.Json;
using System.Text.Unicode;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A file with one JSON object per line. One field holds the document. Lines of white space are skipped.</summary>
internal sealed class JsonLinesInput(string path, string field, TextPosition position, int longest) : TextInput
{
    private readonly LineReader _lines = new(path, position.Offset, position.Record, longest);
    private byte[] _text = [];

    public override TextPosition Position => new(_lines.Offset, _lines.Number);

    public override long BytesRead => _lines.Offset;

    public override bool Next(DocumentWriter writer, DamageLog damage)
    {
        if (!_lines.Next(out ReadOnlySpan<byte> line, out bool isTooLong)) return false;
        if (_lines.LineOffset == 0 && line is [0xEF, 0xBB, 0xBF, ..]) line = line[3..];
        string? fault = isTooLong ? $"longer than {longest} bytes" : Read(line, writer);
        if (fault is not null) damage.Add(path, $"line {_lines.Number}, byte {_lines.LineOffset}", fault);
        return true;
    }

    public override void Dispose() => _lines.Dispose();

    /// <summary>Writes the document of the line, or returns what is wrong with the line.</summary>
    private string? Read(ReadOnlySpan<byte> line, DocumentWriter writer)
    {
        if (line.IndexOfAnyExcept(" \t\r"u8) < 0) return null;
        if (!Utf8.IsValid(line)) return "not UTF-8";
        int length = -1;
        try
        {
            Utf8JsonReader json = new(line);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject) return "not a JSON object";
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool isText = json.ValueTextEquals(field);
                json.Read();
                if (!isText)
                {
                    json.Skip();
                    continue;
                }

                if (length >= 0) return $"the field '{field}' appears twice";
                if (json.TokenType != JsonTokenType.String) return $"the field '{field}' is no string";
                if (_text.Length < line.Length) _text = new byte[Math.Max(line.Length, _text.Length * 2)];
                length = json.CopyString(_text);
            }

            json.Read(); // Refuses anything after the object.
        }
        catch (JsonException failure)
        {
            return $"not JSON: {failure.Message}";
        }
        catch (InvalidOperationException)
        {
            return "it holds half of a surrogate pair"; // The reader reports it by this exception.
        }

        if (length < 0) return $"there is no field '{field}'";
        writer.WriteDocument(_text.AsSpan(0, length));
        return null;
    }
}

using System.Text.Json;
using System.Text.Unicode;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A file with one JSON object per line. One field holds the document. Lines of white space are skipped. The other fields may hold what
/// JSON forbids but writers write: Python's NaN and Infinity, half of a surrogate pair, bytes that are not UTF-8.
/// </summary>
internal sealed class JsonLinesInput(string path, string field, TextPosition position, int longest)
    : LinesInput(path, position, longest, Recognize)
{
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    private static readonly byte[][] PythonConstants = [[.. "NaN"u8], [.. "Infinity"u8], [.. "-Infinity"u8]];

    private byte[] _text = [];

    protected override string? ReadLine(ReadOnlySpan<byte> line, DocumentWriter writer)
    {
        line = FileContent.WithoutMark(line); // Files with marks may have been put one after another.
        if (line.IndexOfAnyExcept(" \t\r"u8) < 0) return null;
        string? fault = FindText(line, out int length);
        if (fault is not null)
        {
            byte[] changed = line.ToArray();
            if (ReplacePythonConstants(changed)) fault = FindText(changed, out length);
        }

        if (fault is null) writer.WriteDocument(_text.AsSpan(0, length));
        return fault;
    }

    private static string? Recognize(ReadOnlySpan<byte> start) => FileContent.DescribeData(start)
        ?? (FileContent.WithoutMark(start).TrimStart(" \t\r\n"u8) is [(byte)'[', ..]
            ? "this is a JSON array; JSON lines are objects, one in each line. The program jq converts it: jq -c '.[]' FILE" : null);

    /// <summary>Puts the number 0 and spaces in the place of Python's constants outside of strings. False where there are none.</summary>
    private static bool ReplacePythonConstants(Span<byte> line)
    {
        bool isReplaced = false, isInString = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '"') isInString = !isInString;
            else if (isInString && line[i] == '\\') i++;
            if (isInString || i == 0 || !":,[ \t"u8.Contains(line[i - 1])) continue;
            foreach (byte[] constant in PythonConstants)
            {
                Span<byte> rest = line[i..];
                if (!rest.StartsWith(constant) || rest.Length == constant.Length || !",]} \t\r"u8.Contains(rest[constant.Length])) continue;
                rest[..constant.Length].Fill((byte)' ');
                rest[0] = (byte)'0';
                isReplaced = true;
                break;
            }
        }

        return isReplaced;
    }

    /// <summary>Puts the text of the line in the buffer, or returns what is wrong with the line.</summary>
    private string? FindText(ReadOnlySpan<byte> line, out int length)
    {
        length = -1;
        try
        {
            Utf8JsonReader json = new(line, AnyDepth);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject) return "not a JSON object";
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool isText = IsNamed(ref json, field);
                json.Read();
                if (!isText)
                {
                    json.Skip();
                    continue;
                }

                if (length >= 0) return $"the field '{field}' appears twice";
                if (json.TokenType != JsonTokenType.String) return $"the field '{field}' is no string";
                if (!Utf8.IsValid(json.ValueSpan)) return "not UTF-8";
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

        return length < 0 ? $"there is no field '{field}'" : null;
    }

    private static bool IsNamed(ref Utf8JsonReader json, string field)
    {
        try
        {
            return json.ValueTextEquals(field);
        }
        catch (InvalidOperationException) // Half of a surrogate pair: another name.
        {
            return false;
        }
    }
}

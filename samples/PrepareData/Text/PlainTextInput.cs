using System.Text.Unicode;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A UTF-8 text file in which empty lines end documents. A record is a line.</summary>
internal sealed class PlainTextInput(string path, TextPosition position, int longest) : TextInput
{
    private static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    private readonly LineReader _lines = new(path, position.Offset, position.Record, longest);

    public override TextPosition Position => new(_lines.Offset, _lines.Number);

    public override long BytesRead => _lines.Offset;

    public override bool Next(DocumentWriter writer, DamageLog damage)
    {
        if (!_lines.Next(out ReadOnlySpan<byte> line, out bool isTooLong))
        {
            writer.EndDocument();
            return false;
        }

        if (_lines.LineOffset == 0)
        {
            if (line.StartsWith(Utf8Mark)) line = line[Utf8Mark.Length..];
            if (line is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
                throw new InvalidDataException($"{path}: this is UTF-16 text; convert it to UTF-8 first.");
        }

        if (isTooLong) damage.Add(path, $"line {_lines.Number}, byte {_lines.LineOffset}", $"longer than {longest} bytes");
        else if (!Utf8.IsValid(line)) damage.Add(path, $"line {_lines.Number}, byte {_lines.LineOffset}", "not UTF-8");
        else if (!writer.WriteLine(line)) writer.EndDocument();
        return true;
    }

    public override void Dispose() => _lines.Dispose();
}

using System.Text.Unicode;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A UTF-8 text file in which empty lines end documents. A record is a line.</summary>
internal sealed class PlainTextInput(string path, TextPosition position, int longest)
    : LinesInput(path, position, longest, FileContent.Describe)
{
    protected override string? ReadLine(ReadOnlySpan<byte> line, DocumentWriter writer)
    {
        if (!Utf8.IsValid(line)) return "not UTF-8";
        if (!writer.WriteLine(line)) writer.EndDocument();
        return null;
    }

    protected override void End(DocumentWriter writer) => writer.EndDocument();
}

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Writes documents as the text corpus reads them: lines end in "\n", and an empty line closes a document. Empty lines inside a document
/// would divide it, so they are dropped.
/// </summary>
internal sealed class DocumentWriter(Stream stream, TextStatistics statistics)
{
    private static ReadOnlySpan<byte> Newline => "\n"u8;

    /// <summary>What has been written so far.</summary>
    public TextStatistics Statistics => statistics;

    /// <summary>A whole document of any content.</summary>
    public void WriteDocument(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int newline = text.IndexOf((byte)'\n');
            WriteLine(newline < 0 ? text : text[..newline]);
            text = newline < 0 ? [] : text[(newline + 1)..];
        }

        if (statistics.OpenBytes == 0) statistics.EmptyDocuments++;
        else EndDocument();
    }

    /// <summary>A line of the document at hand, without its newline.</summary>
    /// <returns>False where the line is empty and so was not written.</returns>
    public bool WriteLine(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd((byte)'\r'); // All of them: "\r\n" alone is an empty line to the corpus too.
        if (line.IsEmpty)
        {
            statistics.EmptyLines++;
            return false;
        }

        stream.Write(line);
        stream.Write(Newline);
        statistics.OpenBytes += line.Length + 1;
        return true;
    }

    /// <summary>Closes the document at hand, where one is open.</summary>
    public void EndDocument()
    {
        if (statistics.OpenBytes == 0) return;
        stream.Write(Newline);
        statistics.Add(statistics.OpenBytes);
        statistics.OpenBytes = 0;
    }
}

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Writes documents in the format of the text corpus: lines end in "\n", and an empty line ends a document. Empty lines inside a document
/// would divide it, so they are dropped.
/// </summary>
internal sealed class DocumentWriter(Stream stream, TextStatistics statistics)
{
    private static ReadOnlySpan<byte> Newline => "\n"u8;

    /// <summary>Statistics of the documents so far.</summary>
    public TextStatistics Statistics => statistics;

    /// <summary>Writes a whole document of any content.</summary>
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

    /// <summary>Writes a line of the current document. The argument has no newline.</summary>
    /// <returns>False where the line is empty and was not written.</returns>
    public bool WriteLine(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd((byte)'\r'); // Trims every "\r": for the corpus, "\r\n" alone is an empty line too.
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

    /// <summary>Ends the current document, if one is open.</summary>
    public void EndDocument()
    {
        if (statistics.OpenBytes == 0) return;
        stream.Write(Newline);
        statistics.Add(statistics.OpenBytes);
        statistics.OpenBytes = 0;
    }
}

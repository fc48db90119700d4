namespace HslEmbeddingZero.Training;

/// <summary>Where the documents of a text lie.</summary>
internal static class DocumentBoundaries
{
    /// <summary>
    /// The documents in order: runs of lines between empty lines. A document keeps the newline of its last line; an empty line,
    /// which is "\n" or "\r\n" alone, belongs to none.
    /// </summary>
    public static List<Range> Find(ReadOnlySpan<byte> text)
    {
        var documents = new List<Range>();
        var start = -1;
        for (var line = 0; line < text.Length;)
        {
            var newline = text[line..].IndexOf((byte)'\n');
            var next = newline < 0 ? text.Length : line + newline + 1;
            var isEmpty = text[line..next] is [(byte)'\n'] or [(byte)'\r', (byte)'\n'];
            if (!isEmpty && start < 0)
                start = line;
            if (isEmpty && start >= 0)
            {
                documents.Add(start..line);
                start = -1;
            }

            line = next;
        }

        if (start >= 0)
            documents.Add(start..text.Length);
        return documents;
    }
}

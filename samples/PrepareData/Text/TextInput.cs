namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A file of documents, read record by record. It can be opened at any earlier stop position.</summary>
internal abstract class TextInput : IDisposable
{
    /// <summary>File endings that can be read.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".txt", ".jsonl", ".parquet"];

    /// <summary>Position of the next record.</summary>
    public abstract TextPosition Position { get; }

    /// <summary>Bytes of the file read so far, for the progress bar.</summary>
    public abstract long BytesRead { get; }

    /// <summary>Opens a file by its ending.</summary>
    /// <param name="path">A path that ends in one of <see cref="Endings"/>.</param>
    /// <param name="field">The field or column that holds the text.</param>
    /// <param name="position">Position where an earlier run stopped. Default: the start.</param>
    /// <param name="longest">Longest line to read, in bytes.</param>
    public static TextInput Open(string path, string field, TextPosition position, int longest) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".txt" => new PlainTextInput(path, position, longest),
            ".jsonl" => new JsonLinesInput(path, field, position, longest),
            ".parquet" => new ParquetInput(path, field, position),
            var other => throw new ArgumentException($"{path}: ending '{other}' is not supported; {string.Join(", ", Endings)} are."),
        };

    /// <summary>Reads one record and writes its document; false at the end.</summary>
    /// <param name="writer">Writer of the documents.</param>
    /// <param name="damage">Log of records that cannot be read. They are skipped.</param>
    public abstract bool Next(DocumentWriter writer, DamageLog damage);

    public abstract void Dispose();
}

/// <summary>A place between two records.</summary>
/// <param name="Offset">A byte offset, or the number of a row group.</param>
/// <param name="Record">Number of lines before it, or of rows before it in the row group.</param>
internal readonly record struct TextPosition(long Offset, long Record);

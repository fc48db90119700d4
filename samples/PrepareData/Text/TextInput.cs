namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A file of documents, read record by record, that can be opened anywhere it has stopped before.</summary>
internal abstract class TextInput : IDisposable
{
    /// <summary>The endings of files that can be read.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".txt", ".jsonl", ".parquet"];

    /// <summary>Where the next record begins.</summary>
    public abstract TextPosition Position { get; }

    /// <summary>Bytes of the file read so far, for the progress bar.</summary>
    public abstract long BytesRead { get; }

    /// <summary>Opens a file by its ending.</summary>
    /// <param name="path">A path that ends in one of <see cref="Endings"/>.</param>
    /// <param name="field">The field or column that holds the text.</param>
    /// <param name="position">Where an earlier run stopped; the default is the start.</param>
    /// <param name="longest">The longest line that is read, in bytes.</param>
    public static TextInput Open(string path, string field, TextPosition position, int longest) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".txt" => new PlainTextInput(path, position, longest),
            ".jsonl" => new JsonLinesInput(path, field, position, longest),
            ".parquet" => new ParquetInput(path, field, position),
            var other => throw new ArgumentException($"{path}: ending '{other}' is not read; {string.Join(", ", Endings)} are."),
        };

    /// <summary>Reads one record and writes what it holds; false at the end.</summary>
    /// <param name="writer">Where documents go.</param>
    /// <param name="damage">Where records are told that cannot be read; they are skipped.</param>
    public abstract bool Next(DocumentWriter writer, DamageLog damage);

    public abstract void Dispose();
}

/// <summary>A place between two records.</summary>
/// <param name="Offset">A byte offset, or the number of a row group.</param>
/// <param name="Record">Lines before it, or rows before it in the row group.</param>
internal readonly record struct TextPosition(long Offset, long Record);

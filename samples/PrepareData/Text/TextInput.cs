namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A file of documents, read record by record. It can be opened at any earlier stop position.</summary>
internal abstract class TextInput(string path, TextPosition start) : IDisposable
{
    private static readonly string[] LineEndings = [".txt", ".jsonl", ".ndjson", ".json"];
    private long? _usableBefore;
    private long _damageBefore;

    /// <summary>File endings that can be read. Some have two parts, as ".jsonl.gz" has.</summary>
    public static IReadOnlyList<string> Endings { get; } =
        [.. LineEndings, ".parquet", .. LineEndings.Select(ending => ending + ".gz"), .. LineEndings.Select(ending => ending + ".zst")];

    /// <summary>Position of the next record.</summary>
    public abstract TextPosition Position { get; }

    /// <summary>Bytes of the file read so far, for the progress bar.</summary>
    public abstract long BytesRead { get; }

    /// <summary>Opens a file by its ending.</summary>
    /// <param name="path">A path that ends in one of <see cref="Endings"/>.</param>
    /// <param name="field">The field or column that holds the text.</param>
    /// <param name="position">Position where an earlier run stopped. Default: the start.</param>
    /// <param name="longest">Longest line to read, in bytes.</param>
    /// <exception cref="InvalidDataException">The file is not what its ending says. The message says what it is.</exception>
    public static TextInput Open(string path, string field, TextPosition position, int longest)
    {
        string? ending = Endings.FirstOrDefault(known => path.EndsWith(known, StringComparison.OrdinalIgnoreCase));
        return ending switch
        {
            null => throw new ArgumentException($"{path}: the name must end in one of {string.Join(", ", Endings)}."),
            ".parquet" => new ParquetInput(path, field, position),
            _ when ending.StartsWith(".txt", StringComparison.Ordinal) => new PlainTextInput(path, position, longest),
            _ => new JsonLinesInput(path, field, position, longest),
        };
    }

    /// <summary>Reads one record and writes its document; false at the end.</summary>
    /// <param name="writer">Writer of the documents.</param>
    /// <param name="damage">Log of records that cannot be read. They are skipped.</param>
    /// <exception cref="InvalidDataException">The end is reached, and every record of the file was damaged.</exception>
    public bool Next(DocumentWriter writer, DamageLog damage)
    {
        if (_usableBefore is null) (_usableBefore, _damageBefore) = (Usable(writer.Statistics), damage.Count);
        if (ReadRecord(writer, damage)) return true;
        long damaged = damage.Count - _damageBefore;
        if (start == default && damaged > 0 && Usable(writer.Statistics) == _usableBefore)
            throw new InvalidDataException($"{path}: none of its records can be read. Damaged: {damaged}, the last at {damage.Last}.");
        return false;
    }

    public abstract void Dispose();

    /// <summary>Does the work of <see cref="Next"/> for one record.</summary>
    protected abstract bool ReadRecord(DocumentWriter writer, DamageLog damage);

    private static long Usable(TextStatistics statistics) =>
        statistics.Documents + statistics.EmptyDocuments + statistics.Nulls + statistics.OpenBytes;
}

/// <summary>A place between two records.</summary>
/// <param name="Offset">A byte offset in the text, which is decompressed if the file is compressed; or the number of a row group.</param>
/// <param name="Record">Number of lines before it, or of rows before it in the row group.</param>
internal readonly record struct TextPosition(long Offset, long Record);

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A file of documents, read record by record. It can be opened at any earlier stop position.</summary>
internal abstract class TextInput(string path, TextPosition start) : IDisposable
{
    private bool _isAnyUsable = start != default && start.OnlyDamaged == 0;
    private long _damaged = start.OnlyDamaged;
    private string? _lastDamage;

    /// <summary>File endings that can be read. Some have two parts, as ".jsonl.gz" has.</summary>
    public static IReadOnlyList<string> Endings { get; } =
    [
        ".txt", ".jsonl", ".ndjson", ".parquet",
        ".txt.gz", ".jsonl.gz", ".ndjson.gz", ".json.gz", // Dumps name compressed JSON lines .json.gz; a .json is one document.
        ".txt.zst", ".jsonl.zst", ".ndjson.zst", ".json.zst",
    ];

    /// <summary>Position of the next record.</summary>
    public TextPosition Position => Place with { OnlyDamaged = _isAnyUsable ? 0 : _damaged };

    /// <summary>Bytes of the file read so far, for the progress bar.</summary>
    public abstract long BytesRead { get; }

    /// <summary>Place of the next record.</summary>
    protected abstract TextPosition Place { get; }

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
    /// <exception cref="EarlyEndException">The rest of the file cannot be read. What came before it is written.</exception>
    public bool Next(DocumentWriter writer, DamageLog damage)
    {
        long before = Used(writer.Statistics);
        bool isRecord = ReadRecord(writer, damage);
        _isAnyUsable |= Used(writer.Statistics) != before;
        if (isRecord || _isAnyUsable || _damaged == 0) return isRecord;
        throw new InvalidDataException($"{path}: none of its records can be read. Damaged: {_damaged}, the last at {_lastDamage}.");
    }

    public abstract void Dispose();

    /// <summary>Does the work of <see cref="Next"/> for one record.</summary>
    protected abstract bool ReadRecord(DocumentWriter writer, DamageLog damage);

    /// <summary>Logs a damaged record, or several at one place.</summary>
    protected void Skip(DamageLog damage, string place, string reason, long records = 1)
    {
        _damaged += records;
        _lastDamage = $"{place}: {reason}";
        damage.Add(path, place, reason, records);
    }

    /// <summary>The error of a file whose rest cannot be read.</summary>
    /// <param name="place">Where the readable part ends.</param>
    /// <param name="reason">What is wrong there.</param>
    protected Exception EndEarly(string place, string reason) => _isAnyUsable
        ? new EarlyEndException($"{path}: {reason}", place)
        : new InvalidDataException($"{path}: none of its records can be read; {place}: {reason}.");

    /// <summary>A number that changes with every record that could be used, with or without text.</summary>
    private static long Used(TextStatistics statistics) =>
        statistics.Documents + statistics.EmptyDocuments + statistics.Nulls + statistics.OpenBytes;
}

/// <summary>A place between two records.</summary>
/// <param name="Offset">A byte offset in the text, which is decompressed if the file is compressed; or the number of a row group.</param>
/// <param name="Record">Number of lines before it, or of rows before it in the row group.</param>
/// <param name="OnlyDamaged">Number of damaged records before it, if no other came before it; else 0.</param>
internal readonly record struct TextPosition(long Offset, long Record, long OnlyDamaged = 0);

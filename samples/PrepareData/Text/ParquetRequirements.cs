using System.Text.RegularExpressions;
using ParquetSharp;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>What a parquet file must be for its text to be read, and what is wrong where it is not.</summary>
internal static partial class ParquetRequirements
{
    private static readonly HashSet<Compression> Compressions =
    [
        Compression.Uncompressed, Compression.Snappy, Compression.Gzip, Compression.Brotli, Compression.Zstd, Compression.Lz4,
        Compression.Lz4Hadoop,
    ];

    private static readonly HashSet<Encoding> Encodings =
    [
        Encoding.Plain, Encoding.PlainDictionary, Encoding.RleDictionary, Encoding.DeltaLengthByteArray, Encoding.DeltaByteArray,
        Encoding.Rle, Encoding.BitPacked, // of the levels
    ];

    /// <summary>Refuses a file that does not begin and end as parquet files do. Returns its length.</summary>
    public static long RequireWhole(string path)
    {
        const int magic = 4, smallest = magic + sizeof(int) + magic; // with the length of the footer
        using FileStream file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[FileContent.StartLength];
        start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        Span<byte> end = stackalloc byte[magic];
        file.Seek(-Math.Min(magic, file.Length), SeekOrigin.End);
        end = end[..file.ReadAtLeast(end, magic, throwOnEndOfStream: false)];
        bool isParquet = start.StartsWith("PAR1"u8);
        bool isWhole = isParquet && end.SequenceEqual("PAR1"u8) && file.Length >= smallest;
        string? fault =
            start.StartsWith("PARE"u8) || end.SequenceEqual("PARE"u8) ? "the parquet file is encrypted. Decrypt it first"
            : isWhole ? null
            : isParquet ? $"the parquet file is cut off: its {file.Length} bytes do not end with a footer. Download it again"
            : $"not a parquet file: {FileContent.DescribeData(start) ?? "it does not begin with PAR1"}";
        return fault is null ? file.Length : throw new InvalidDataException($"{path}: {fault}.");
    }

    /// <summary>Returns the index of a column of text among the columns of the file. The names of nested columns have dots.</summary>
    /// <exception cref="InvalidDataException">There is no such column, or it does not hold one text per row.</exception>
    public static int FindColumn(ParquetFileReader file, string name)
    {
        SchemaDescriptor schema = file.FileMetaData.Schema;
        string[] names = [.. Enumerable.Range(0, schema.NumColumns).Select(index => schema.Column(index).Path.ToDotString())];
        int[] found = [.. Enumerable.Range(0, names.Length).Where(index => names[index] == name)];
        if (found.Length > 1) throw new InvalidDataException($"two columns have the name '{name}'");
        if (found.Length == 0)
            throw new InvalidDataException($"there is no column '{name}'; there are: {string.Join(", ", names)}. Choose with --field");
        ColumnDescriptor column = schema.Column(found[0]);
        if (column.MaxRepetitionLevel > 0)
            throw new InvalidDataException($"the column '{name}' holds a list in each row; one text per row is needed");
        using LogicalType logical = column.LogicalType;
        if (column.PhysicalType != PhysicalType.ByteArray
            || logical.Type is not (LogicalTypeEnum.String or LogicalTypeEnum.None or LogicalTypeEnum.Json or LogicalTypeEnum.Enum))
            throw new InvalidDataException(
                $"the column '{name}' is of type {column.PhysicalType} ({logical.Type}), not text. Choose another with --field");
        return found[0];
    }

    /// <summary>Refuses a row group whose column is written in a way that is not supported. Returns its number of rows.</summary>
    public static long RequireReadable(ParquetFileReader file, int group, int column)
    {
        using RowGroupReader reader = file.RowGroup(group);
        using ColumnChunkMetaData chunk = reader.MetaData.GetColumnChunkMetaData(column);
        using ColumnCryptoMetaData? crypto = chunk.CryptoMetadata;
        if (crypto is not null) throw new InvalidDataException("the column is encrypted. Decrypt it first");
        if (!Compressions.Contains(chunk.Compression))
            throw new InvalidDataException(
                $"row group {group} is compressed as {chunk.Compression}, which is not supported; {string.Join(", ", Compressions)} are");
        foreach (Encoding encoding in chunk.Encodings)
            if (!Encodings.Contains(encoding))
                throw new InvalidDataException(
                    $"row group {group} is encoded as {encoding}, which is not supported; {string.Join(", ", Encodings)} are");
        long rows = reader.MetaData.NumRows;
        return rows >= 0 ? rows : throw new InvalidDataException($"the footer is damaged: row group {group} has {rows} rows");
    }

    /// <summary>
    /// What an exception says of the file, or null where it says nothing of the file. The native library wraps its sentences in names of
    /// C++ classes; only the sentence is kept.
    /// </summary>
    public static string? Reason(Exception failure) => failure switch
    {
        InvalidDataException => failure.Message,
        ParquetException => Sentence(failure.Message),
        _ => null,
    };

    private static string Sentence(string message)
    {
        Match inner = NativeMessage.Match(message);
        string sentence = (inner.Success ? inner.Groups[1].Value : message).Split('\n', 2)[0].Trim().TrimEnd('.');
        return sentence.Length > 0 ? $"the parquet reader says: {sentence}" : "the parquet reader gives no reason";
    }

    [GeneratedRegex(@"\(message: '(.*)'\)\s*$", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex NativeMessage { get; }
}

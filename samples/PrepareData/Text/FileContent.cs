namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Recognizes files that are not what their names say, such as failed downloads. The messages say what to do.</summary>
internal static class FileContent
{
    /// <summary>Bytes from the start of a file that are enough to recognize it.</summary>
    public const int StartLength = 512;

    /// <summary>The first bytes of gzip data.</summary>
    public static ReadOnlySpan<byte> Gzip => [0x1F, 0x8B];

    /// <summary>The first bytes of zstd data.</summary>
    public static ReadOnlySpan<byte> Zstd => [0x28, 0xB5, 0x2F, 0xFD];

    /// <summary>Whether data begins as a zstd frame, or as a frame that readers skip. Parallel compressors write such frames.</summary>
    public static bool IsZstd(ReadOnlySpan<byte> start) => start.StartsWith(Zstd) || start is [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18, ..];

    private const string WideText = "this is UTF-16 or UTF-32 text. Convert it to UTF-8 first";

    /// <summary>What a file that begins with these bytes is, and what to do; null where it may be text.</summary>
    /// <param name="start">The first bytes; nothing for a file without content.</param>
    public static string? Describe(ReadOnlySpan<byte> start) => start switch
    {
        [] => "the file is empty (0 bytes). Download or export it again, or leave it out",
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, 0, 0xFE, 0xFF, ..] // with a mark, or letters of Latin without one
            or [0, not 0, 0, not 0, ..] or [not 0, 0, not 0, 0, ..] or [0, 0, 0, not 0, ..] or [not 0, 0, 0, 0, ..]
            => WideText,
        _ when ForeignFile.IsGitLfsPointer(start) => ForeignFile.GitLfsPointer,
        _ when start.StartsWith(Gzip) => "this is gzip data. Let its name end in .gz, or decompress it",
        _ when IsZstd(start) => "this is zstd data. Let its name end in .zst, or decompress it",
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => "this is xz data. Decompress it first",
        [(byte)'B', (byte)'Z', (byte)'h', _, (byte)'1', (byte)'A', (byte)'Y', ..] => "this is bzip2 data. Decompress it first",
        [(byte)'P', (byte)'K', 3, 4, ..] => "this is a zip archive. Unpack it first",
        _ when start.StartsWith("PAR1"u8) => "this is parquet data. Let its name end in .parquet",
        _ when IsWide(start[..Math.Min(start.Length, StartLength)]) => WideText,
        _ => null,
    };

    /// <summary>The same for formats that no page of the web is written in.</summary>
    public static string? DescribeData(ReadOnlySpan<byte> start) => Describe(start) ?? (IsPage(start)
        ? "this is an HTML or XML page, perhaps an error of the download. Download the file again" : null);

    /// <summary>The text without a byte order mark at its start.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) => text is [0xEF, 0xBB, 0xBF, ..] ? text[3..] : text;

    /// <summary>
    /// Whether every second byte is mostly a control sign. In UTF-16 text of most scripts, one byte of each letter is a small number.
    /// </summary>
    private static bool IsWide(ReadOnlySpan<byte> start)
    {
        Span<int> signs = stackalloc int[2];
        for (int i = 0; i < start.Length; i++) signs[i % 2] += start[i] is < 0x09 or (>= 0x0E and <= 0x1F) ? 1 : 0;
        int pairs = start.Length / 2;
        return pairs >= 2 && Math.Max(signs[0], signs[1]) * 2 >= pairs;
    }

    private static bool IsPage(ReadOnlySpan<byte> start) => WithoutMark(start).TrimStart(" \t\r\n"u8) is [(byte)'<', ..];
}

using System.Text;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The text of a subtitle file.</summary>
/// <remarks>
/// The encoding is that of the byte order mark; else UTF-16 where an arrow of a cue shows it; else UTF-8 where it fits; else the named one.
/// A file that uses only ASCII bytes is read in the named one too: some encodings, as iso-2022-jp, write every character with such bytes.
/// </remarks>
internal sealed class SubtitleText
{
    /// <summary>The character in the place of bytes that are no text.</summary>
    public const char Unreadable = '\uFFFD';

    private static readonly Encoding[] Marked =
    [
        new UTF32Encoding(bigEndian: false, byteOrderMark: true), // before UTF-16, whose mark is the start of this one
        new UTF32Encoding(bigEndian: true, byteOrderMark: true), Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode,
    ];

    static SubtitleText() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    private SubtitleText(string text, string? fault)
    {
        // Files that were joined have a byte order mark at each start. U+0000 is free for the marks of inline times, as the WebVTT
        // standard replaces it too.
        Text = text.Replace("\uFEFF", "", StringComparison.Ordinal).Replace('\0', Unreadable);
        Fault = fault;
        Lines = Divide(Text);
    }

    /// <summary>The text, without byte order marks.</summary>
    public string Text { get; }

    /// <summary>The lines of the text.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>What is wrong with cues that hold <see cref="Unreadable"/>; null where every byte of the file is text.</summary>
    public string? Fault { get; }

    /// <summary>Returns the encoding of a name, as windows-1252 or euc-kr; null where there is none.</summary>
    public static Encoding? EncodingNamed(string name)
    {
        try
        {
            return Encoding.GetEncoding(name, EncoderFallback.ReplacementFallback, new DecoderReplacementFallback($"{Unreadable}"));
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException) // UTF-7 is known, but not supported
        {
            return null;
        }
    }

    /// <summary>Returns a text that was never bytes.</summary>
    public static SubtitleText Of(string text) => new(text, fault: null);

    /// <summary>Returns a text made of this one. What is wrong with its encoding stays known.</summary>
    public SubtitleText With(string text) => new(text, Fault);

    /// <summary>Decodes a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="named">The encoding of a file that is not Unicode; null where none is named.</param>
    public static SubtitleText Decode(ReadOnlySpan<byte> bytes, Encoding? named)
    {
        Encoding encoding = Encoding.UTF8;
        string advice = "";
        if (OfMark(bytes) is { } marked) encoding = marked;
        else if (OfArrow(bytes) is { } wide) encoding = wide;
        else if (named is not null && !(IsUtf8(bytes) && bytes.ContainsAnyExceptInRange((byte)0, (byte)127))) encoding = named;
        else if (named is null) advice = "; name the encoding of the file with --captions-encoding";
        string text = encoding.GetString(bytes);
        bool isFaulty = text.Contains(Unreadable, StringComparison.Ordinal) && !(encoding == Encoding.UTF8 && IsUtf8(bytes));
        return new SubtitleText(text, isFaulty ? $"its text is not {encoding.WebName.ToUpperInvariant()}{advice}" : null);
    }

    private static bool IsUtf8(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);

    private static Encoding? OfMark(ReadOnlySpan<byte> bytes)
    {
        foreach (Encoding encoding in Marked)
            if (bytes.StartsWith(encoding.Preamble)) return encoding;
        return null;
    }

    /// <summary>Finds the arrow of a cue in UTF-16, where each of its signs has a byte of 0 beside it.</summary>
    private static UnicodeEncoding? OfArrow(ReadOnlySpan<byte> bytes)
    {
        int at = bytes.IndexOf("-\0-\0>"u8);
        return at < 0 ? null : new UnicodeEncoding(bigEndian: at % 2 == 1, byteOrderMark: false);
    }

    /// <summary>Lines end with \n, \r\n, \r, or with several \r before a \n, as programs leave them that convert line ends twice.</summary>
    private static List<string> Divide(string text)
    {
        List<string> lines = [];
        int start = 0;
        for (int length; (length = text.AsSpan(start).IndexOfAny('\r', '\n')) >= 0;)
        {
            int end = start + length;
            lines.Add(text[start..end]);
            start = end;
            while (start < text.Length && text[start] == '\r') start++;
            if (start < text.Length && text[start] == '\n') start++;
            else lines.AddRange(Enumerable.Repeat("", start - end - 1));
        }

        lines.Add(text[start..]);
        return lines;
    }
}

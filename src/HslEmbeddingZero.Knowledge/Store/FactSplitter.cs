using System.Buffers;
using System.Text;

namespace HslEmbeddingZero.Knowledge;

/// <summary>The place of a fact in its source.</summary>
/// <param name="Offset">First byte, from the start of the source.</param>
/// <param name="Length">Number of bytes, 1 to <see cref="FactSplitter.MaxBytes"/>.</param>
public readonly record struct FactPlace(long Offset, int Length);

/// <summary>Divides text into facts: one sentence each, without the white space around it.</summary>
/// <remarks>
/// A fact ends at the end of its line, and after . ! ? or … before white space, with the quotes and brackets that close there. The
/// full-width marks 。！？ end it without white space too. Initials, numbers of a list and a few abbreviations (such as "Dr.") end none. A
/// longer sentence is cut at its last white space within the limit, or between two characters where it has none.
/// </remarks>
public static class FactSplitter
{
    /// <summary>The most bytes of a fact: 240.</summary>
    public const int MaxBytes = 240;

    /// <summary>What must be known of the text after the start of a fact to find its end: the fact, and a character.</summary>
    internal const int Lookahead = MaxBytes + 8;

    private static readonly SearchValues<char> FullStops = SearchValues.Create(".!?…"), WideStops = SearchValues.Create("。！？｡．");
    private static readonly SearchValues<char> Closers = SearchValues.Create(")]}\"'”’»›」』）】》〉］");
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u0085\u2028\u2029");

    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "dr", "mr", "mrs", "ms", "prof", "st", "gen", "sen", "rep", "vs", "cf", "approx", "e.g", "i.e",
    };

    /// <summary>Finds the facts of a text.</summary>
    /// <param name="utf8">The text in UTF-8. A byte order mark at its start belongs to no fact.</param>
    /// <exception cref="KnowledgeException">The text is not UTF-8.</exception>
    public static IReadOnlyList<FactPlace> Split(ReadOnlySpan<byte> utf8)
    {
        int valid = ValidBytes(utf8);
        if (valid < utf8.Length)
            throw new KnowledgeException($"the text is not UTF-8: byte 0x{utf8[valid]:X2} at offset {valid} begins no character.");
        List<FactPlace> facts = [];
        int at = ByteOrderMark(utf8);
        while ((at += WhiteSpace(utf8[at..])) < utf8.Length)
        {
            facts.Add(new(at, LengthOfFact(utf8[at..])));
            at += facts[^1].Length;
        }

        return facts;
    }

    /// <summary>Bytes before the first that belongs to no character.</summary>
    internal static int ValidBytes(ReadOnlySpan<byte> utf8)
    {
        if (System.Text.Unicode.Utf8.IsValid(utf8)) return utf8.Length;
        int at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out int consumed) == OperationStatus.Done) at += consumed;
        return at;
    }

    internal static int ByteOrderMark(ReadOnlySpan<byte> utf8) => utf8.StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>Bytes of white space at the start.</summary>
    internal static int WhiteSpace(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (Next(utf8[at..], out Rune rune) is var length and > 0 && Rune.IsWhiteSpace(rune)) at += length;
        return at;
    }

    /// <summary>Bytes of the fact that begins here.</summary>
    /// <param name="utf8">At least <see cref="Lookahead"/> bytes, or the rest of the text. The first character is no white space.</param>
    internal static int LengthOfFact(ReadOnlySpan<byte> utf8)
    {
        int at = 0, end = 0; // The end leaves out white space at the end.
        int lastBreak = 0;
        while (Next(utf8[at..], out Rune rune) is var length and > 0)
        {
            if (IsIn(LineEnds, rune)) return end;
            bool isSpace = Rune.IsWhiteSpace(rune);
            if (isSpace && at == end) lastBreak = end;
            if (at + length > MaxBytes) return isSpace ? end : lastBreak > 0 ? lastBreak : end;
            at += length;
            if (isSpace) continue;
            end = at;
            if ((IsIn(FullStops, rune) || IsIn(WideStops, rune)) && EndOfSentence(utf8, at - length) is var stop and > 0)
            {
                if (stop <= MaxBytes) return stop;
            }
        }

        return end;
    }

    /// <summary>The end of the sentence whose first stop stands here, or 0 where the sentence goes on.</summary>
    private static int EndOfSentence(ReadOnlySpan<byte> utf8, int firstStop)
    {
        int at = firstStop, stops = 0;
        bool isWide = false;
        int length;
        Rune rune;
        for (; (length = Next(utf8[at..], out rune)) > 0 && (IsIn(FullStops, rune) || IsIn(WideStops, rune)); at += length, stops++)
            isWide |= IsIn(WideStops, rune);
        bool isAbbreviation = stops == 1 && utf8[firstStop] == '.' && EndsInAbbreviation(utf8[..firstStop]);
        for (; (length = Next(utf8[at..], out rune)) > 0 && IsIn(Closers, rune) && at <= MaxBytes; at += length)
        {
        }

        return (isWide || length == 0 || Rune.IsWhiteSpace(rune)) && !isAbbreviation ? at : 0;
    }

    /// <summary>Whether a full stop after these bytes ends no sentence.</summary>
    private static bool EndsInAbbreviation(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0) return true; // the number of an item in a list
        ReadOnlySpan<byte> word = utf8[(utf8.LastIndexOfAny(" \t(["u8) + 1)..];
        if (word.Length is 0 or > 8 || !Ascii.IsValid(word)) return false;
        return (word.Length == 1 && char.IsAsciiLetterUpper((char)word[0])) || Abbreviations.Contains(Encoding.ASCII.GetString(word));
    }

    private static int Next(ReadOnlySpan<byte> utf8, out Rune rune)
    {
        if (utf8.IsEmpty)
        {
            rune = default;
            return 0;
        }

        Rune.DecodeFromUtf8(utf8, out rune, out int length);
        return length;
    }

    private static bool IsIn(SearchValues<char> set, Rune rune) => rune.IsBmp && set.Contains((char)rune.Value);
}

using System.Globalization;
using System.Text;

namespace HslEmbeddingZero.Knowledge;

/// <summary>
/// The text that is indexed: the words of a fact in lower case, with one space before, between and behind them. Trigrams are of this text,
/// so the first two characters of every word are a trigram too, with the space before them.
/// </summary>
internal static class FactWords
{
    private const int BitsPerCharacter = 21;

    /// <summary>The indexed text; empty where the text has no letter and no digit.</summary>
    public static string Normalize(ReadOnlySpan<char> text)
    {
        StringBuilder words = new(text.Length + 2);
        bool isInWord = false;
        Span<char> units = stackalloc char[2];
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isWord = IsOfWord(rune);
            if (isWord && !isInWord) words.Append(' ');
            isInWord = isWord;
            if (isWord) words.Append(units[..Rune.ToLowerInvariant(rune).EncodeToUtf16(units)]);
        }

        return words.Length > 0 ? words.Append(' ').ToString() : "";
    }

    /// <summary>
    /// Replaces a list by the trigrams of an indexed text, in order and repeated as they are there. Those of two words with the space
    /// between them are left out.
    /// </summary>
    public static void Trigrams(string words, List<long> trigrams)
    {
        trigrams.Clear();
        long window = 0;
        int count = 0;
        foreach (Rune rune in words.EnumerateRunes())
        {
            window = ((window << BitsPerCharacter) | (uint)rune.Value) & long.MaxValue;
            if (++count >= 3 && Middle(window) != ' ') trigrams.Add(window);
        }
    }

    /// <summary>A trigram as a query of the index. It has letters, digits and spaces only.</summary>
    public static string ToQuery(long trigram)
    {
        const int mask = (1 << BitsPerCharacter) - 1;
        return $"\"{new Rune((int)(trigram >> (2 * BitsPerCharacter)))}{new Rune(Middle(trigram))}{new Rune((int)trigram & mask)}\"";
    }

    /// <summary>Whether the trigram begins a word.</summary>
    public static bool IsStart(long trigram) => trigram >> (2 * BitsPerCharacter) == ' ';

    /// <summary>Whether the trigram ends a word.</summary>
    public static bool IsEnd(long trigram) => (trigram & ((1 << BitsPerCharacter) - 1)) == ' ';

    private static int Middle(long trigram) => (int)(trigram >> BitsPerCharacter) & ((1 << BitsPerCharacter) - 1);

    private static bool IsOfWord(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}

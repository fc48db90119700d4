using System.Text;

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>
/// Fills phrasings. "{name}" stands for a text, "{a value}" for an English noun with its article, and "{name:은/는}" for a Korean word with
/// the particle that fits it.
/// </summary>
internal static class Phrasing
{
    /// <summary>The phrasings of a list that has one a line.</summary>
    public static string[] Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Puts texts into a phrasing.</summary>
    /// <exception cref="FormatException">The phrasing has a placeholder that no text is for.</exception>
    public static string Fill(string phrasing, params ReadOnlySpan<(string Key, string Text)> texts)
    {
        StringBuilder filled = new();
        int end = 0;
        for (int start; (start = phrasing.IndexOf('{', end)) >= 0; end++)
        {
            filled.Append(phrasing, end, start - end);
            end = phrasing.IndexOf('}', start);
            filled.Append(Part(phrasing[(start + 1)..end], texts));
        }

        return filled.Append(phrasing, end, phrasing.Length - end).ToString();
    }

    private static string Part(string placeholder, ReadOnlySpan<(string Key, string Text)> texts)
    {
        bool hasArticle = placeholder.StartsWith("a ", StringComparison.Ordinal);
        string[] pieces = (hasArticle ? placeholder[2..] : placeholder).Split(':', '/');
        foreach ((string key, string text) in texts)
        {
            if (key != pieces[0]) continue;
            if (hasArticle) return (text[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an " : "a ") + text;
            return pieces.Length == 1 ? text : text + KoreanParticle.Choose(text, pieces[1], pieces[2]);
        }

        throw new FormatException($"There is no text for {{{placeholder}}}.");
    }
}

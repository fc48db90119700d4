using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Character references as &amp;amp; and &amp;#39;, by the rules of HTML and its table of names.</summary>
internal static partial class CharacterReference
{
    private static readonly IEntityProvider Names = HtmlEntityProvider.Resolver;

    /// <summary>Decodes the references of a text. Without its semicolon, a reference stays: AT&amp;T is a name.</summary>
    public static string DecodeClosed(string text) =>
        Closed().Replace(text, match => Read(match.Value, 0, out string decoded) == match.Length ? decoded : match.Value);

    /// <summary>Reads the reference at an ampersand.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Index of the ampersand.</param>
    /// <param name="decoded">The characters that the reference means, or the ampersand where it is none.</param>
    /// <returns>The index after what was read.</returns>
    public static int Read(string text, int at, out string decoded)
    {
        Match match = Reference().Match(text, at);
        if (match.Groups["name"] is { Success: true } name)
        {
            // The longest name of the table counts. A few old names need no semicolon: &notit; is the sign of 'not', then 'it;'.
            for (int length = name.Length; length > 0; length--)
            {
                decoded = Names.GetSymbol(name.Value[..length]) ?? "";
                if (decoded.Length > 0) return name.Index + length;
            }
        }
        else if (match.Success)
        {
            Group hex = match.Groups["hex"];
            decoded = OfNumber(hex.Success ? hex.Value : match.Groups["decimal"].Value, hex.Success);
            return match.Index + match.Length;
        }

        decoded = "&";
        return at + 1;
    }

    private static string OfNumber(string digits, bool isHex)
    {
        NumberStyles style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        if (!int.TryParse(digits, style, CultureInfo.InvariantCulture, out int code) || code < 0) return $"{SubtitleText.Unreadable}";
        if (HtmlEntityProvider.GetSymbolFromTable(code) is { } symbol) return symbol; // the codes of windows-1252 that are no characters
        return Rune.TryCreate(code, out Rune rune) ? rune.ToString() : $"{SubtitleText.Unreadable}";
    }

    [GeneratedRegex(@"\G&(?:(?<name>[A-Za-z][A-Za-z0-9]{0,31};?)|#(?<decimal>[0-9]+);?|#[xX](?<hex>[0-9a-fA-F]+);?)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    [GeneratedRegex(@"&(?:[A-Za-z][A-Za-z0-9]{0,31}|#[0-9]+|#[xX][0-9a-fA-F]+);", RegexOptions.CultureInvariant)]
    private static partial Regex Closed();
}

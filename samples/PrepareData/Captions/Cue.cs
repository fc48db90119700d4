namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Words and the time when they are spoken.</summary>
/// <param name="Start">Time from the start of the film when the first word begins.</param>
/// <param name="End">Time when the last word ends, after <paramref name="Start"/>.</param>
/// <param name="Text">The words in one line, without tags.</param>
internal sealed record Cue(TimeSpan Start, TimeSpan End, string Text)
{
    /// <summary>True where the file says when the first word begins. Otherwise, only the time of the whole text is known.</summary>
    public bool StartsExactly { get; init; }
}

/// <summary>A text as a player shows it.</summary>
/// <param name="Line">Number of the line with its times, from 1.</param>
/// <param name="Start">Time from the start of the film when the text appears.</param>
/// <param name="End">Time when the text disappears, after <paramref name="Start"/>.</param>
/// <param name="Text">
/// The lines of the text, without tags. A <see cref="TimeMark"/> stands in the place of each inline time.
/// </param>
/// <param name="Times">The inline times, in the order of their marks.</param>
internal sealed record ShownCue(long Line, TimeSpan Start, TimeSpan End, string Text, IReadOnlyList<TimeSpan> Times)
{
    /// <summary>The place of an inline time in the text. The text of a file never holds this character.</summary>
    public const char TimeMark = '\0';
}

/// <summary>A part of a file that could not be read, or could be read in part only.</summary>
/// <param name="Line">Number of its line, from 1.</param>
/// <param name="Reason">What is wrong with it.</param>
internal sealed record DamagedCue(long Line, string Reason)
{
    private const int LongestQuote = 60;

    /// <summary>Returns a text in quotes, cut to a length that a message can hold.</summary>
    public static string Quote(string text) =>
        text.Length <= LongestQuote ? $"'{text}'" : string.Concat("'", text.AsSpan(0, LongestQuote), "…'");
}

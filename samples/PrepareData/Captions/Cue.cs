namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A text and the time when it is shown.</summary>
/// <param name="Start">Time from the start of the film when the text appears.</param>
/// <param name="End">Time when the text disappears, after <paramref name="Start"/>.</param>
/// <param name="Text">The text in one line, without tags.</param>
internal sealed record Cue(TimeSpan Start, TimeSpan End, string Text);

/// <summary>A cue that could not be read.</summary>
/// <param name="Line">Number of the line with its times, from 1.</param>
/// <param name="Reason">What is wrong with the cue.</param>
internal sealed record DamagedCue(long Line, string Reason);

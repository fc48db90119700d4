namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A text and when it is shown.</summary>
/// <param name="Start">When it appears, from the film's start.</param>
/// <param name="End">When it goes, after <paramref name="Start"/>.</param>
/// <param name="Text">What it says in one line, without tags.</param>
internal sealed record Cue(TimeSpan Start, TimeSpan End, string Text);

/// <summary>A cue that could not be read.</summary>
/// <param name="Line">The line of its times, from 1.</param>
/// <param name="Reason">What is wrong.</param>
internal sealed record DamagedCue(long Line, string Reason);

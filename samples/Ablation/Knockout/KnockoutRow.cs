namespace HslEmbeddingZero.Samples;

/// <summary>The scores of a model with some channels silenced.</summary>
/// <param name="Channels">Name of the silenced channels; null for the unchanged model.</param>
/// <param name="Run">Conditions of the run: weights, held-out samples and kind of silence. Rows of one matrix have the same.</param>
/// <param name="Scores">Scores on the held-out samples.</param>
internal sealed record KnockoutRow(string? Channels, string Run, MixScores Scores);

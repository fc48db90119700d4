namespace HslEmbeddingZero.Samples;

/// <summary>What a model scores with some channels silenced.</summary>
/// <param name="Channels">Name of the channels; null for the model as it is.</param>
/// <param name="Run">What must be equal for rows to belong together: weights, held-out samples, what silence is.</param>
/// <param name="Scores">Scores on the held-out samples.</param>
internal sealed record KnockoutRow(string? Channels, string Run, MixScores Scores);

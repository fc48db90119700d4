namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>How films are divided into a training and a held-out part.</summary>
internal enum SplitRule
{
    /// <summary>
    /// Splits each film in time: the last tenth is held out, after a gap of five seconds. A film under seven seconds is for training only.
    /// </summary>
    Time,

    /// <summary>Holds out whole films: one in ten by its place in the list, at least one. Needs two films.</summary>
    Film,
}

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>How films are divided into a training and a held-out part.</summary>
internal enum SplitRule
{
    /// <summary>
    /// Each film in time: its last tenth is held out, five seconds after the rest. A film under seven seconds trains whole.
    /// </summary>
    Time,

    /// <summary>Whole films: one in ten by its place in the list, at least one. Needs two films.</summary>
    Film,
}

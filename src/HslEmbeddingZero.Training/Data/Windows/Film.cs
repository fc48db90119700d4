namespace HslEmbeddingZero.Training;

/// <summary>What the windows of a film are used for.</summary>
public enum FilmUse
{
    /// <summary>A window, then the window half a second later.</summary>
    Video,

    /// <summary>Frame and sound of a window, then its caption.</summary>
    Caption,
}

/// <summary>A run of successive windows from one recording, all on one side of the split.</summary>
/// <param name="Name">The film's name.</param>
/// <param name="Use">What its windows are used for.</param>
/// <param name="IsHeldOut">True when it is held out, false when it trains.</param>
/// <param name="First">The index of its first window in the corpus, counted over all files.</param>
/// <param name="Count">How many windows it has.</param>
/// <param name="Group">Films of one recording, such as its views, share a group.</param>
public sealed record Film(string Name, FilmUse Use, bool IsHeldOut, int First, int Count, string Group)
{
    /// <summary>The index in <see cref="WindowCorpus.Files"/> of the file that holds it.</summary>
    public int File { get; init; }

    /// <summary>The index after its last window.</summary>
    internal int End => First + Count;
}

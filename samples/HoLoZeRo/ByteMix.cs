using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>The corpora that a model is trained on and the held-out samples that it is scored on.</summary>
internal sealed record ByteMix(TextCorpus Text, WindowCorpus Windows, HeldOutSet HeldOut)
{
    public static ByteMix Load(IReadOnlyList<string> text, IReadOnlyList<string> windows, HeldOutOptions heldOut)
    {
        TextCorpus textCorpus = TextCorpus.Load(text);
        WindowCorpus windowCorpus = WindowCorpus.Load(windows);
        return new ByteMix(textCorpus, windowCorpus, HeldOutSet.Create(textCorpus, windowCorpus, heldOut));
    }

    /// <summary>Name and SHA-256 of every file.</summary>
    public IReadOnlyDictionary<string, string> Files =>
        Text.Sources.Select(source => (source.Name, source.Sha256)).Concat(Windows.Sources.Select(source => (source.Name, source.Sha256)))
            .ToDictionary(file => file.Name, file => file.Sha256);
}

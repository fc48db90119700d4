namespace HslEmbeddingZero.Tests;

/// <summary>Tests that seed torch's global generator, which others draw from: they run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class GlobalGenerator
{
    public const string Name = "global generator";
}

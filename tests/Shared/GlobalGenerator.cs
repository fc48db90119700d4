namespace HslEmbeddingZero.Tests;

/// <summary>Tests that seed torch's global generator. They run alone, as other tests draw from it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class GlobalGenerator
{
    public const string Name = "global generator";
}

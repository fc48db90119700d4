namespace HslEmbeddingZero.Package.Tests.Packages;

/// <summary>Tests that share the packed libraries, so that these are packed once.</summary>
[CollectionDefinition(Name)]
public sealed class PackedTogether : ICollectionFixture<PackedLibraries>
{
    public const string Name = "packages";
}

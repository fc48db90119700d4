namespace HslEmbeddingZero.Package.Tests.Packages;

/// <summary>Tests that share the packed libraries, which are then packed only once.</summary>
[CollectionDefinition(Name)]
public sealed class PackedTogether : ICollectionFixture<PackedLibraries>
{
    public const string Name = "packages";
}

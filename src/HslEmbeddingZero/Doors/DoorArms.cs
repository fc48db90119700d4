namespace HslEmbeddingZero;

/// <summary>The doors that are compared, by the names that tables, command lines and model files use.</summary>
public static class DoorArms
{
    private static readonly Dictionary<string, Factory> Factories = new(StringComparer.Ordinal)
    {
        ["zero"] = (bytes, dim, _, tail, ngrams) => new ZeroDoor(bytes, dim, tail, ngrams: ngrams),
        ["zero-standardized"] = (bytes, dim, _, tail, ngrams) => new ZeroDoor(bytes, dim, tail, ChannelScaling.Standardized, ngrams),
        ["projection"] = (bytes, dim, _, tail, ngrams) => new ProjectionDoor(bytes, dim, tail, ngrams: ngrams),
        ["projection-standardized"] = (bytes, dim, _, tail, ngrams) =>
            new ProjectionDoor(bytes, dim, tail, ChannelScaling.Standardized, ngrams),
        ["embedding"] = (bytes, dim, _, tail, ngrams) => new ByteEmbeddingDoor(bytes, dim, tail),
        ["embedding-pooled"] = (bytes, dim, _, tail, ngrams) => new PooledEmbeddingDoor(bytes, dim, tail),
        ["learned"] = (bytes, dim, seed, tail, ngrams) =>
            new ZeroDoor(new ControlFeatures(ControlKind.Learned, seed), bytes, dim, tail, ngrams),
        ["random"] = (bytes, dim, seed, tail, ngrams) =>
            new ZeroDoor(new ControlFeatures(ControlKind.Random, seed), bytes, dim, tail, ngrams),
        ["permuted"] = (bytes, dim, seed, tail, ngrams) =>
            new ZeroDoor(new ControlFeatures(ControlKind.Permuted, seed), bytes, dim, tail, ngrams),
        ["learned-projection"] = (bytes, dim, seed, tail, ngrams) =>
            new ProjectionDoor(new ControlFeatures(ControlKind.Learned, seed), bytes, dim, tail, ngrams),
        ["random-projection"] = (bytes, dim, seed, tail, ngrams) =>
            new ProjectionDoor(new ControlFeatures(ControlKind.Random, seed), bytes, dim, tail, ngrams),
        ["permuted-projection"] = (bytes, dim, seed, tail, ngrams) =>
            new ProjectionDoor(new ControlFeatures(ControlKind.Permuted, seed), bytes, dim, tail, ngrams),
        ["one-hot"] = (bytes, dim, _, tail, ngrams) => new OneHotDoor(bytes, dim, tail),
        ["zero-ngram"] = (bytes, dim, _, tail, ngrams) =>
            new ZeroDoor(bytes, dim, tail, ChannelScaling.Standardized, ngrams ?? NgramCodes.Default),
        ["projection-ngram"] = (bytes, dim, _, tail, ngrams) =>
            new ProjectionDoor(bytes, dim, tail, ChannelScaling.Standardized, ngrams ?? NgramCodes.Default),
    };

    /// <summary>The arms that take no n-gram codes.</summary>
    private static readonly string[] WithoutNgrams = ["embedding", "embedding-pooled", "one-hot"];

    private delegate InputDoor Factory(int bytesPerSlot, int dim, int seed, SlotTail tail, NgramCodes? ngrams);

    /// <summary>Every arm's name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Factories.Keys];

    /// <summary>Makes the door of an arm.</summary>
    /// <param name="arm">One of <see cref="Names"/>.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="seed">Seed of a control's random draw; the other arms ignore it.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <exception cref="ArgumentException">An unknown arm, or K bytes that do not fit into dim.</exception>
    public static InputDoor Create(string arm, int bytesPerSlot, int dim, int seed = 0, SlotTail tail = SlotTail.Pad) =>
        Create(arm, bytesPerSlot, dim, seed, tail, ngrams: null);

    /// <summary>
    /// The arm of a door. If no arm has the codes of the door, it is the arm without codes. Null if the door belongs to no arm.
    /// </summary>
    internal static string? NameOf(InputDoor door) => door switch
    {
        ZeroDoor zero => NameOf("zero", zero.Source, zero.Ngrams, controlSuffix: ""),
        ProjectionDoor projection => NameOf("projection", projection.Source, projection.Ngrams, controlSuffix: "-projection"),
        ByteEmbeddingDoor => "embedding",
        PooledEmbeddingDoor => "embedding-pooled",
        OneHotDoor => "one-hot",
        _ => null,
    };

    private static string? NameOf(string frozen, ControlFeatures source, NgramCodes? ngrams, string controlSuffix) => source.Kind switch
    {
        ControlKind.Hsl when source.Scaling == ChannelScaling.None => frozen,
        ControlKind.Hsl => frozen + (ngrams == NgramCodes.Default ? "-ngram" : "-standardized"),
        ControlKind.Learned => "learned" + controlSuffix,
        ControlKind.Random => "random" + controlSuffix,
        ControlKind.Permuted => "permuted" + controlSuffix,
        _ => null,
    };

    /// <summary>
    /// Makes the door of an arm with other codes than those of the arm. If <paramref name="ngrams"/> is null, the arm keeps its codes.
    /// </summary>
    /// <exception cref="ArgumentException">An unknown arm, an arm that takes no codes, or columns that do not fit into dim.</exception>
    internal static InputDoor Create(string arm, int bytesPerSlot, int dim, int seed, SlotTail tail, NgramCodes? ngrams)
    {
        if (!Factories.TryGetValue(arm, out Factory? create))
            throw new ArgumentException($"Unknown arm '{arm}'; known are {string.Join(", ", Names)}.", nameof(arm));
        if (ngrams is not null && WithoutNgrams.Contains(arm))
            throw new ArgumentException($"The arm '{arm}' takes no n-gram codes; these were given: {ngrams}.", nameof(ngrams));
        return create(bytesPerSlot, dim, seed, tail, ngrams);
    }
}

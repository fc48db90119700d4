namespace HslEmbeddingZero;

/// <summary>The front doors under comparison, by the names that tables, command lines and model files use.</summary>
public static class DoorArms
{
    private static readonly Dictionary<string, Func<int, int, int, SlotTail, InputDoor>> Factories = new(StringComparer.Ordinal)
    {
        ["zero"] = (bytes, dim, _, tail) => new ZeroDoor(bytes, dim, tail),
        ["zero-standardized"] = (bytes, dim, _, tail) => new ZeroDoor(bytes, dim, tail, ChannelScaling.Standardized),
        ["projection"] = (bytes, dim, _, tail) => new ProjectionDoor(bytes, dim, tail),
        ["projection-standardized"] = (bytes, dim, _, tail) => new ProjectionDoor(bytes, dim, tail, ChannelScaling.Standardized),
        ["embedding"] = (bytes, dim, _, tail) => new ByteEmbeddingDoor(bytes, dim, tail),
        ["embedding-pooled"] = (bytes, dim, _, tail) => new PooledEmbeddingDoor(bytes, dim, tail),
        ["learned"] = (bytes, dim, seed, tail) => new ZeroDoor(new ControlFeatures(ControlKind.Learned, seed), bytes, dim, tail),
        ["random"] = (bytes, dim, seed, tail) => new ZeroDoor(new ControlFeatures(ControlKind.Random, seed), bytes, dim, tail),
        ["permuted"] = (bytes, dim, seed, tail) => new ZeroDoor(new ControlFeatures(ControlKind.Permuted, seed), bytes, dim, tail),
        ["learned-projection"] = (bytes, dim, seed, tail) => new ProjectionDoor(new ControlFeatures(ControlKind.Learned, seed), bytes, dim, tail),
        ["random-projection"] = (bytes, dim, seed, tail) => new ProjectionDoor(new ControlFeatures(ControlKind.Random, seed), bytes, dim, tail),
        ["permuted-projection"] = (bytes, dim, seed, tail) => new ProjectionDoor(new ControlFeatures(ControlKind.Permuted, seed), bytes, dim, tail),
        ["one-hot"] = (bytes, dim, _, tail) => new OneHotDoor(bytes, dim, tail),
    };

    /// <summary>Every arm's name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Factories.Keys];

    /// <summary>Makes the door of an arm.</summary>
    /// <param name="arm">One of <see cref="Names"/>.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="seed">Seed of a control's random draw; the other arms do not look at it.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    /// <exception cref="ArgumentException">An unknown arm, or K bytes that do not fit into dim.</exception>
    public static InputDoor Create(string arm, int bytesPerSlot, int dim, int seed = 0, SlotTail tail = SlotTail.Pad) =>
        Factories.TryGetValue(arm, out Func<int, int, int, SlotTail, InputDoor>? create)
            ? create(bytesPerSlot, dim, seed, tail)
            : throw new ArgumentException($"Unknown arm '{arm}'; known are {string.Join(", ", Names)}.", nameof(arm));
}

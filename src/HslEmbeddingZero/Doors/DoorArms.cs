namespace HslEmbeddingZero;

/// <summary>The front doors under comparison, by the names that tables and command lines use.</summary>
public static class DoorArms
{
    private static readonly Dictionary<string, Func<int, int, int, InputDoor>> Factories = new(StringComparer.Ordinal)
    {
        ["zero"] = (bytes, dim, _) => new ZeroDoor(bytes, dim),
        ["zero-standardized"] = (bytes, dim, _) => new ZeroDoor(bytes, dim, SlotTail.Pad, ChannelScaling.Standardized),
        ["projection"] = (bytes, dim, _) => new ProjectionDoor(bytes, dim),
        ["projection-standardized"] = (bytes, dim, _) => new ProjectionDoor(bytes, dim, SlotTail.Pad, ChannelScaling.Standardized),
        ["embedding"] = (bytes, dim, _) => new ByteEmbeddingDoor(bytes, dim),
        ["embedding-pooled"] = (bytes, dim, _) => new PooledEmbeddingDoor(bytes, dim),
        ["learned"] = (bytes, dim, seed) => new ZeroDoor(new ControlFeatures(ControlKind.Learned, seed), bytes, dim),
        ["random"] = (bytes, dim, seed) => new ZeroDoor(new ControlFeatures(ControlKind.Random, seed), bytes, dim),
        ["permuted"] = (bytes, dim, seed) => new ZeroDoor(new ControlFeatures(ControlKind.Permuted, seed), bytes, dim),
    };

    /// <summary>Every arm's name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Factories.Keys];

    /// <summary>Makes the door of an arm.</summary>
    /// <param name="arm">One of <see cref="Names"/>.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="seed">Seed of a control's random draw; the other arms do not look at it.</param>
    /// <exception cref="ArgumentException">An unknown arm, or K bytes that do not fit into dim.</exception>
    public static InputDoor Create(string arm, int bytesPerSlot, int dim, int seed = 0) =>
        Factories.TryGetValue(arm, out Func<int, int, int, InputDoor>? create)
            ? create(bytesPerSlot, dim, seed)
            : throw new ArgumentException($"Unknown arm '{arm}'; known are {string.Join(", ", Names)}.", nameof(arm));
}

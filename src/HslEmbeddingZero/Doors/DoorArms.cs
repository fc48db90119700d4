using System.Diagnostics;

namespace HslEmbeddingZero;

/// <summary>The doors that are compared, by the names that tables, command lines and model files use.</summary>
public static class DoorArms
{
    /// <summary>Every arm's name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. DoorArm.All.Select(arm => arm.Name)];

    /// <summary>Makes the door of an arm.</summary>
    /// <param name="arm">One of <see cref="Names"/>.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="seed">Seed of a control's random draw; the other arms ignore it.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <param name="ngrams">Codes of the last bytes in place of those of the arm; null keeps those of the arm, if it has any.</param>
    /// <exception cref="ArgumentException">
    /// An unknown arm, one that takes no codes, or K bytes and codes that do not fit into dim.
    /// </exception>
    public static InputDoor Create(
        string arm, int bytesPerSlot, int dim, int seed = 0, SlotTail tail = SlotTail.Pad, NgramCodes? ngrams = null) =>
        Create(DoorArm.Named(arm), bytesPerSlot, dim, seed, tail, ngrams);

    /// <summary>
    /// The arm of a door. If no arm has the codes of the door, it is the arm without codes. Null if the door belongs to no arm.
    /// </summary>
    internal static DoorArm? ArmOf(InputDoor door) => door switch
    {
        ZeroDoor zero => DoorArm.Of(DoorKind.Zero, zero.Source.Kind, zero.Source.Scaling, zero.Ngrams),
        ProjectionDoor projection =>
            DoorArm.Of(DoorKind.Projection, projection.Source.Kind, projection.Source.Scaling, projection.Ngrams),
        ByteEmbeddingDoor => DoorArm.Of(DoorKind.Embedding),
        PooledEmbeddingDoor => DoorArm.Of(DoorKind.PooledEmbedding),
        OneHotDoor => DoorArm.Of(DoorKind.OneHot),
        _ => null,
    };

    /// <summary>
    /// Makes the door of an arm with other codes than those of the arm. If <paramref name="ngrams"/> is null, the arm keeps its codes.
    /// </summary>
    /// <exception cref="ArgumentException">An arm that takes no codes, or columns that do not fit into dim.</exception>
    internal static InputDoor Create(DoorArm arm, int bytesPerSlot, int dim, int seed, SlotTail tail, NgramCodes? ngrams)
    {
        NgramCodes? codes = arm.Codes(ngrams);
        bool isFrozen = arm.Values == ControlKind.Hsl; // without a seed
        return arm.Kind switch
        {
            DoorKind.Zero when isFrozen => new ZeroDoor(bytesPerSlot, dim, tail, arm.Scaling, codes),
            DoorKind.Zero => new ZeroDoor(new ControlFeatures(arm.Values, seed), bytesPerSlot, dim, tail, codes),
            DoorKind.Projection when isFrozen => new ProjectionDoor(bytesPerSlot, dim, tail, arm.Scaling, codes),
            DoorKind.Projection => new ProjectionDoor(new ControlFeatures(arm.Values, seed), bytesPerSlot, dim, tail, codes),
            DoorKind.Embedding => new ByteEmbeddingDoor(bytesPerSlot, dim, tail),
            DoorKind.PooledEmbedding => new PooledEmbeddingDoor(bytesPerSlot, dim, tail),
            DoorKind.OneHot => new OneHotDoor(bytesPerSlot, dim, tail),
            _ => throw new UnreachableException(),
        };
    }
}

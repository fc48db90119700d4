using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Doors and bodies of model files, which <see cref="ModelDescription"/> describes.</summary>
internal static class ModelFile
{
    /// <summary>The metadata of a model with this door and body, and the additional entries of the caller.</summary>
    /// <exception cref="ArgumentException">A reserved key, or a door or body that a model file cannot hold.</exception>
    public static Dictionary<string, string> Describe(InputDoor door, ByteBody body, IReadOnlyDictionary<string, string>? others)
    {
        DoorArm arm = DoorArms.ArmOf(door) ?? throw new ArgumentException(
            $"This {door.GetName()} is not one of the arms that a model file can name: {string.Join(", ", DoorArms.Names)}. SaveWeights "
                + $"writes only the weights.", nameof(door));
        if (body is not ByteTransformer transformer)
        {
            throw new ArgumentException(
                $"This {body.GetName()} is not a {nameof(ByteTransformer)}, the only body that a model file can hold. "
                + "SaveWeights writes only the weights.", nameof(body));
        }

        ModelDescription description = new()
        {
            Arm = arm,
            BytesPerSlot = door.BytesPerSlot,
            Tail = door.Tail,
            Seed = door.Seed,
            Ngrams = door.Ngrams,
            Body = transformer.Options,
        };
        return description.ToMetadata(others);
    }

    /// <summary>
    /// Makes the door and body that a file describes; their weights are not read yet. Every size is checked against the file before it is
    /// used.
    /// </summary>
    /// <exception cref="SafetensorsException">The file is damaged, is not a model file, or contradicts itself.</exception>
    public static (InputDoor Door, ByteTransformer Body) Build(string path)
    {
        var model = ModelDescription.Read(SafetensorsHeader.Read(path), path);
        InputDoor? door = null;
        TorchRuntime.EnsureLoaded();
        using Tensor random = get_rng_state(); // New layers draw weights, which are replaced. The caller's random numbers stay the same.
        try
        {
            door = DoorArms.Create(model.Arm, model.BytesPerSlot, model.Body.Dim, model.Seed, model.Tail, model.Ngrams);
            return (door, new ByteTransformer(model.Body));
        }
        catch
        {
            door?.Dispose();
            throw;
        }
        finally
        {
            set_rng_state(random);
        }
    }
}

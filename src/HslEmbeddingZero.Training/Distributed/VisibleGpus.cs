namespace HslEmbeddingZero.Training;

/// <summary>Which GPU of its machine a rank uses. TorchSharp cannot choose one, so the rank must see no other.</summary>
internal static class VisibleGpus
{
    /// <summary>CUDA's own variable: the GPUs that a process sees, as numbers or UUIDs with commas between them.</summary>
    public const string Variable = "CUDA_VISIBLE_DEVICES";

    /// <summary>The value for <see cref="Variable"/>; null if it stays as it is.</summary>
    /// <param name="launch">How the process was started.</param>
    /// <param name="list">The value now; null if it is not set.</param>
    /// <exception cref="ProcessGroupException">The rank's number on its machine is not known, or the list is too short for it.</exception>
    public static string? Choose(LaunchVariables launch, string? list)
    {
        if (launch.IsAlone) return null;

        // For CUDA the list ends before the first entry that is no GPU. So "" and "-1" mean no GPU at all.
        string[]? gpus = list?.Split(',', StringSplitOptions.TrimEntries).TakeWhile(gpu => gpu is not ("" or "-1")).ToArray();
        if (gpus is { Length: < 2 }) return null;
        if (launch.LocalRank is not { } rank)
        {
            throw new ProcessGroupException($"Rank {launch.Rank} of {launch.Size} does not know its number on this machine, so it cannot "
                + $"choose a GPU. Set LOCAL_RANK, or set {Variable} to one GPU for each rank.");
        }

        if (gpus is null) return rank.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return rank < gpus.Length
            ? gpus[rank]
            : throw new ProcessGroupException($"{Variable} is '{list}', which has {gpus.Length} GPUs, but rank {launch.Rank} is number "
                + $"{rank} on this machine, counted from 0. Start one rank for each GPU.");
    }
}

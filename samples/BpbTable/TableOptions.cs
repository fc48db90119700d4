namespace HslEmbeddingZero.Samples;

/// <summary>The options of a command line. Options that were not given have the preset's values.</summary>
internal sealed record TableOptions(
    Preset Preset,
    IReadOnlyList<int> Schedules,
    TimeSpan? CheckpointEvery,
    TimeSpan ClaimsLast,
    IReadOnlyList<string> Text,
    IReadOnlyList<string> Windows,
    TorchSharp.torch.Device Device,
    DirectoryInfo Out,
    bool Resume,
    bool ReportOnly = false)
{
    /// <summary>The rows of the table: the rows of the preset, once for each schedule.</summary>
    public IReadOnlyList<TableRowKey> Rows { get; } = Schedules.Count == 1
        ? Preset.Rows
        : [.. Schedules.SelectMany(steps => Preset.Rows.Select(row => row with { Steps = steps }))];

    /// <summary>Number of training steps of a row.</summary>
    public int StepsOf(TableRowKey row) => row.Steps ?? Schedules[0];

    /// <summary>The run of a row with one seed.</summary>
    public RunPlan Plan(TableRowKey row, int seed)
    {
        int steps = StepsOf(row);
        return new RunPlan
        {
            Key = new RunKey(row.Arm, row.BytesPerSlot, steps, seed, Preset.Budget.Training.PeakLearningRate),
            Stem = Path.Combine(Out.FullName, row.Steps is null
                ? $"{row.Arm}-k{row.BytesPerSlot}-seed{seed}"
                : $"{row.Arm}-k{row.BytesPerSlot}-{steps}steps-seed{seed}"),
            CreateDoor = () => DoorArms.Create(row.Arm, row.BytesPerSlot, Preset.Budget.Body.Dim, seed),
            Body = Preset.Budget.Body,
            Training = Preset.Budget.Training.WithSteps(steps) with { Seed = seed },
            HeldOut = Preset.Budget.HeldOut,
            CheckpointEvery = CheckpointEvery,
        };
    }
}

using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>A budget: the rows to train, the body they share, how it is trained, and what is scored.</summary>
internal sealed record Preset(
    string Name,
    IReadOnlyList<TableRowKey> Rows,
    IReadOnlyList<int> Seeds,
    ByteTransformerOptions Body,
    TrainerOptions Training,
    HeldOutOptions HeldOut,
    int CheckpointEvery)
{
    private static readonly string[] Doors = ["zero", "zero-standardized", "projection", "embedding", "embedding-pooled"];

    /// <summary>Seconds: shows that everything works, says nothing about the doors.</summary>
    private static readonly Preset Smoke = new(
        "smoke",
        At(8, Doors),
        [0],
        new ByteTransformerOptions { Dim = 216, Layers = 1, Heads = 4, Dropout = 0 },
        new TrainerOptions { Steps = 6, WarmupSteps = 2, PeakLearningRate = 1e-3, FinalLearningRate = 1e-4, BatchSize = 2, Accumulation = 1, LogEvery = 2 },
        new HeldOutOptions(TextWindows: 4, VideoWindows: 2, CaptionWindows: 8),
        CheckpointEvery: 4);

    /// <summary>At most ten minutes on two CPU cores.</summary>
    private static readonly Preset Quick = new(
        "quick",
        At(8, Doors),
        [0],
        new ByteTransformerOptions { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 },
        new TrainerOptions
        {
            Steps = 600,
            WarmupSteps = 40,
            PeakLearningRate = 2e-3,
            FinalLearningRate = 1e-4,
            BatchSize = 4,
            Accumulation = 1,
            Mix = new ModalityMix(3, 1, 1),
            LogEvery = 10,
        },
        new HeldOutOptions(TextWindows: 128, VideoWindows: 24, CaptionWindows: 128),
        CheckpointEvery: 200);

    /// <summary>The published budget; meant for a GPU.</summary>
    private static readonly Preset Paper = new(
        "paper",
        [.. At(8, Doors), .. At(16, "zero", "zero-standardized", "projection")],
        [0, 1],
        new ByteTransformerOptions(),
        new TrainerOptions(),
        new HeldOutOptions(),
        CheckpointEvery: 250);

    public static IReadOnlyList<Preset> All { get; } = [Smoke, Quick, Paper];

    /// <summary>Every combination of arms and bytes per slot.</summary>
    public static IReadOnlyList<TableRowKey> Product(IReadOnlyList<string> arms, IReadOnlyList<int> bytesPerSlot) =>
        [.. bytesPerSlot.SelectMany(bytes => At(bytes, [.. arms]))];

    private static TableRowKey[] At(int bytesPerSlot, params string[] arms) => [.. arms.Select(arm => new TableRowKey(arm, bytesPerSlot))];
}

/// <summary>One row of the table: a door, how many bytes it packs into a slot, and the steps it is trained for where there are several schedules.</summary>
internal sealed record TableRowKey(string Arm, int BytesPerSlot, int? Steps = null)
{
    public override string ToString() => Steps is { } steps ? $"{Arm} K={BytesPerSlot}, {steps:N0} steps" : $"{Arm} K={BytesPerSlot}";
}

namespace HslEmbeddingZero.Samples;

/// <summary>A table: its rows, the seeds, and the training budget.</summary>
internal sealed record Preset(TrainingBudget Budget, IReadOnlyList<TableRowKey> Rows, IReadOnlyList<int> Seeds)
{
    /// <summary>The doors of the published table. They are trained first, so that this part of the table is complete early.</summary>
    public static IReadOnlyList<string> Published { get; } = ["zero", "projection", "embedding"];

    private static readonly string[] Doors = [.. Published, "zero-standardized", "embedding-pooled"];
    private static readonly string[] WithCodes = [.. Doors, "zero-ngram"];

    public static IReadOnlyList<Preset> All { get; } =
    [
        new(TrainingBudget.Smoke, At(8, Doors), [0]), // its width of 216 has no room for n-gram codes
        new(TrainingBudget.Quick, At(8, WithCodes), [0]), // five to eighteen minutes on two CPU cores
        new(TrainingBudget.Paper, [.. At(8, WithCodes), .. At(16, "zero", "projection", "zero-standardized")], [0, 1]),
    ];

    public string Name => Budget.Name;

    /// <summary>Every combination of arms and bytes per slot.</summary>
    public static IReadOnlyList<TableRowKey> Product(IReadOnlyList<string> arms, IReadOnlyList<int> bytesPerSlot) =>
        [.. bytesPerSlot.SelectMany(bytes => At(bytes, [.. arms]))];

    private static TableRowKey[] At(int bytesPerSlot, params string[] arms) => [.. arms.Select(arm => new TableRowKey(arm, bytesPerSlot))];
}

/// <summary>
/// One row of the table: a door, its bytes per slot, and, where there are several schedules, the steps of training.
/// </summary>
internal sealed record TableRowKey(string Arm, int BytesPerSlot, int? Steps = null)
{
    public override string ToString() => Steps is { } steps ? $"{Arm} K={BytesPerSlot}, {steps:N0} steps" : $"{Arm} K={BytesPerSlot}";
}

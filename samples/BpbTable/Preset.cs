namespace HslEmbeddingZero.Samples;

/// <summary>A table: the rows to train, with which seeds, on which budget.</summary>
internal sealed record Preset(TrainingBudget Budget, IReadOnlyList<TableRowKey> Rows, IReadOnlyList<int> Seeds)
{
    /// <summary>The doors of the published table. They are trained first, so that it stands before the rest is done.</summary>
    public static IReadOnlyList<string> Published { get; } = ["zero", "projection", "embedding"];

    private static readonly string[] Doors = [.. Published, "zero-standardized", "embedding-pooled"];
    private static readonly string[] WithCodes = [.. Doors, "zero-ngram"];

    public static IReadOnlyList<Preset> All { get; } =
    [
        new(TrainingBudget.Smoke, At(8, Doors), [0]), // whose width, 216, has no room for codes
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
/// One row of the table: a door, how many bytes it packs into a slot, and the steps it is trained for where there are several schedules.
/// </summary>
internal sealed record TableRowKey(string Arm, int BytesPerSlot, int? Steps = null)
{
    public override string ToString() => Steps is { } steps ? $"{Arm} K={BytesPerSlot}, {steps:N0} steps" : $"{Arm} K={BytesPerSlot}";
}

namespace HslEmbeddingZero.Samples;

/// <summary>What a command line asked for, with the preset's values where it was silent.</summary>
internal sealed record TableOptions(
    Preset Preset,
    IReadOnlyList<int> Schedules,
    Training.Precision? Precision,
    IReadOnlyList<string> Text,
    IReadOnlyList<string> Windows,
    TorchSharp.torch.Device Device,
    DirectoryInfo Out,
    bool Resume)
{
    /// <summary>The rows of the table: those of the preset, for each schedule.</summary>
    public IReadOnlyList<TableRowKey> Rows { get; } = Schedules.Count == 1
        ? Preset.Rows
        : [.. Schedules.SelectMany(steps => Preset.Rows.Select(row => row with { Steps = steps }))];

    /// <summary>The same with a precision, the one given or else the fastest, in the preset's training.</summary>
    public TableOptions WithPrecision() => this with
    {
        Preset = Preset with
        {
            Training = Preset.Training with { Precision = Precision ?? ComputeOptions.FastestPrecisionOf(Preset.Body, Device, Out, Resume) },
        },
    };

    /// <summary>How long a row is trained.</summary>
    public int StepsOf(TableRowKey row) => row.Steps ?? Schedules[0];
}

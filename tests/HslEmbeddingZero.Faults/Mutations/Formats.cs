namespace HslEmbeddingZero.Faults;

/// <summary>The formats, and the share of each in ten thousand inputs.</summary>
internal static class Formats
{
    public static IReadOnlyList<(string Name, int PerTenThousand, Func<string, DamagedFormat> Create)> All { get; } =
    [
        ("safetensors", 1800, folder => new SafetensorsFormat(folder)),
        ("checkpoint", 1200, folder => new CheckpointFormat(folder)),
        ("windows.bin", 800, folder => new WindowsFormat(folder, damagesSidecar: false)),
        ("windows.json", 1200, folder => new WindowsFormat(folder, damagesSidecar: true)),
        ("parquet", 1800, folder => new ParquetFormat(folder)),
        ("jsonl", 400, folder => new TextFormat(folder, ".jsonl")),
        ("jsonl.gz", 150, folder => new TextFormat(folder, ".jsonl.gz")),
        ("jsonl.zst", 150, folder => new TextFormat(folder, ".jsonl.zst")),
        ("txt", 200, folder => new TextFormat(folder, ".txt")),
        ("srt", 500, folder => new SubtitleFormat(folder, isVtt: false)),
        ("vtt", 500, folder => new SubtitleFormat(folder, isVtt: true)),
        ("metrics", 200, folder => new MetricsFormat(folder)),
        ("progress", 200, folder => new ProgressFormat(folder)),
        ("BpbTable options", 450, _ => new TableOptionsFormat()),
        ("PrepareData options", 450, folder => new PrepareOptionsFormat(folder)),
    ];
}

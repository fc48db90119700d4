using System.CommandLine;
using HslEmbeddingZero.Samples;

namespace HslEmbeddingZero.Faults;

/// <summary>BpbTable's options.</summary>
internal sealed class TableOptionsFormat : OptionsFormat
{
    // The same options on every machine.
    private static readonly string[] Always = ["--precision", "float32", "--device", "cpu"];

    protected override IReadOnlyList<string[]> Valid { get; } =
    [
        ["--preset", "smoke", "--arms", "zero,embedding", "--seeds", "0,1", "--steps", "10", "--out", "runs/x"],
        ["--preset", "quick", "--bytes-per-slot", "4,8", "--text", "a.txt", "b.txt", "--windows", "w.bin", "--resume"],
    ];

    protected override ParseResult Parse(string[] words) => TableCommandLine.Create((options, _) =>
    {
        Require(options.Preset.Seeds.Count > 0 && options.Preset.Seeds.All(seed => seed >= 0), "a seed out of range");
        Require(options.Preset.Rows.Count > 0 && options.Preset.Rows.All(
            row => row.BytesPerSlot is >= 1 and <= 4096 && DoorArms.Names.Contains(row.Arm)), "a row out of range");
        Require(options.Text.Count > 0 && options.Windows.Count > 0, "no corpus");
        options.Preset.Budget.Training.Validate();
        return Task.FromResult(0);
    }).Parse([.. words, .. Always], Words);
}

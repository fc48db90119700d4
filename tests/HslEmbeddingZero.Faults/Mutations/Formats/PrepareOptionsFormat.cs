using System.CommandLine;

namespace HslEmbeddingZero.Faults;

/// <summary>PrepareData's commands and options.</summary>
internal sealed class PrepareOptionsFormat : OptionsFormat
{
    private static readonly string[] Names = ["a.jsonl", "b.parquet", "c.txt", "f.mp4", "f.srt"];

    public PrepareOptionsFormat(string folder)
    {
        string[] files = [.. Names.Select(name => Path.Combine(folder, name))];
        foreach (string file in files) File.WriteAllText(file, "x");
        Valid =
        [
            ["text", files[0], files[1], files[2], "--out", "o.txt", "--field", "body", "--take", "1000000", "--longest-line", "4096",
                "--resume"],
            ["windows", files[3], "--captions", files[4], "--out", "o.bin", "--split", "film"],
        ];
    }

    protected override IReadOnlyList<string[]> Valid { get; }

    protected override ParseResult Parse(string[] words) => Samples.PrepareData.CommandLine.Create(
        (options, _) =>
        {
            Require(options.Inputs.Any(IsThere), "no input is there");
            Require(Path.IsPathFullyQualified(options.Out) && options.Take is null or > 0 && options.LongestLine is > 0 and <= 256 << 20,
                "an option out of range");
        },
        (options, _) =>
        {
            Require(options.Inputs.Any(IsThere), "no input is there");
            Require(options.Captions.Count == 0 || options.Captions.Count == options.Inputs.Count, "captions that do not fit the films");
            Require(options.Out.EndsWith(".bin", StringComparison.Ordinal), "a place that is no .bin");
        }).Parse(words, Words);

    /// <summary>A file that is missing among others is skipped, and a pattern is looked up when the command runs.</summary>
    private static bool IsThere(string path) => Path.Exists(path) || path.Contains('*', StringComparison.Ordinal);
}

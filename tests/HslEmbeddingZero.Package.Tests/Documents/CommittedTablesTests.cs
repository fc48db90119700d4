using System.Text.Json.Nodes;

namespace HslEmbeddingZero.Package.Tests.Documents;

/// <summary>The committed quick tables match what the main sample says about them.</summary>
public sealed class CommittedTablesTests
{
    [Theory]
    [InlineData("quick-cpu", "bfloat16", "bfloat16 by AVX512_BF16")]
    [InlineData("quick-cpu-float32", "float32", "float32, linear maps by BLAS, AVX-512")]
    public void A_committed_table_names_its_arithmetic_and_its_own_folder(string folder, string precision, string arithmetic)
    {
        string table = Build.ReadText($"benchmarks/results/{folder}/table.md");
        Assert.Contains($"- precision: {precision} ({arithmetic});", table, StringComparison.Ordinal);
        Assert.Contains($"- committed in this arithmetic, with 2 threads: benchmarks/results/{folder}.", table, StringComparison.Ordinal);

        JsonNode json = JsonNode.Parse(Build.ReadText($"benchmarks/results/{folder}/table.json"))!;
        Assert.Equal((precision, arithmetic, "CPU, 2 threads, X64"),
            ((string?)json["precision"], (string?)json["arithmetic"], (string?)json["device"]));
        Assert.Equal((int)json["runs"]!["planned"]!, (int)json["runs"]!["finished"]!);
        string[] files = Directory.GetFiles(Build.PathOf($"benchmarks/results/{folder}"), "*.metrics.jsonl");
        Assert.Equal((int)json["runs"]!["finished"]!, files.Length);
    }
}

using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Distributed;

namespace HslEmbeddingZero.Samples.Tests.BpbTable;

/// <summary>BpbTable under mpirun: the table of one process.</summary>
[Collection(MpiRun.Collection)]
public sealed class RankedTableTests : IDisposable
{
    private const string Assembly = "BpbTable.dll";

    private const string Metrics = "zero-k8-seed0.metrics.jsonl";

    private static readonly string[] Options =
        ["--preset", "smoke", "--device", "cpu", "--precision", "float32", "--arms", "zero", "--steps", "24"];

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out");

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Ranks_give_the_table_of_one_process_also_after_an_interruption()
    {
        Skip.IfNot(MpiRun.IsInstalled(MpiRun.OpenMpi), $"{MpiRun.OpenMpi} is not installed.");
        string alone = _folder.PathOf("alone");
        Assert.Equal(0, SampleProcess.RunWith(
            new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "1" }, Assembly, [.. Options, "--out", alone]).ExitCode);

        string[] ranked = [.. Options, "--out", Out];
        string metrics = Path.Combine(Out, Metrics);
        using (var stopped = MpiRun.StartProgram(Assembly, MpiRun.OpenMpi, 2, ranked))
        {
            stopped.WaitUntil(() => File.Exists(metrics) && new FileInfo(metrics).Length > 0);
            stopped.Send("TERM");
            MpiResult result = stopped.Finish();
            Assert.NotEqual(0, result.ExitCode);
            Assert.Empty(stopped.Left);
            Assert.DoesNotContain("error: ", result.Text, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Path.Combine(Out, "table.json")));
        using (var resumed = MpiRun.StartProgram(Assembly, MpiRun.OpenMpi, 2, [.. ranked, "--resume"]))
        {
            MpiResult result = resumed.Finish();
            Assert.True(result.ExitCode == 0, result.Text);
            Assert.Single(result.Output.Split('\n'), line => line.StartsWith("Written to ", StringComparison.Ordinal));
        }

        Assert.Equal(LogFile.WithoutTimes(Path.Combine(alone, Metrics)), LogFile.WithoutTimes(metrics));
        Assert.Equal(BpbTableTests.Scores(alone), BpbTableTests.Scores(Out));
        Assert.Contains("2 × CPU", File.ReadAllText(Path.Combine(Out, "table.md")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Out, ".*"));
        Assert.Empty(Directory.GetFiles(Out, "*.checkpoint*"));
    }

    [SkippableTheory]
    [InlineData("--arms", "zero,foo", "'foo'")] // refused by the command line
    [InlineData("--bytes-per-slot", "16", "432")] // refused by the door
    [InlineData("--text", "missing.txt", "no such file")] // refused by the data
    public void A_wrong_option_is_told_once(string option, string value, string message)
    {
        using var run = MpiRun.StartProgram(Assembly, MpiRun.OpenMpi, 2, "--preset", "smoke", "--out", Out, option, value);
        MpiResult result = run.Finish();
        Assert.NotEqual(0, result.ExitCode);
        string[] lines = [.. result.Text.Split('\n').Where(line => line.Contains("error: ", StringComparison.Ordinal))];
        Assert.True(lines.Length == 1, result.Text);
        string line = lines[0];
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Text, StringComparison.Ordinal);
        Assert.Empty(run.Left);
    }
}

using HslEmbeddingZero.Training.Tests.Distributed;

namespace HslEmbeddingZero.Samples.Tests.Faults;

/// <summary>Short versions of the fault runs. The figures of the long runs are in benchmarks/results/faults.</summary>
[Collection(MpiRun.Collection)]
public sealed class FaultsTests
{
    private const string Assembly = "HslEmbeddingZero.Faults.dll";

    [Fact]
    public void Damaged_input_is_accepted_correctly_or_refused()
    {
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "mutations", "--count", "300", "--seed", "2");
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("mutations of seed 2, 0 broken promises", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_run_ends_like_an_uninterrupted_one()
    {
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "kills", "--count", "1", "--seed", "2", "--steps", "24");
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("1 kills: 1 equal, 0 different", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_run_of_two_ranks_ends_when_one_is_killed_and_goes_on_like_an_uninterrupted_one()
    {
        Skip.IfNot(MpiRun.IsInstalled(MpiRun.OpenMpi), $"{MpiRun.OpenMpi} is not installed.");
        (int exitCode, string output, string error) = SampleProcess.Run(
            Assembly, "kills", "--ranks", "2", "--count", "2", "--seed", "3", "--steps", "24");
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("2 kills: 2 equal, 0 different", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_full_disk_costs_no_earlier_file()
    {
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "disk", "--format", "text");
        Skip.If(output.StartsWith("skipped", StringComparison.Ordinal), output);
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("every writer kept its promises", output, StringComparison.Ordinal);
    }
}

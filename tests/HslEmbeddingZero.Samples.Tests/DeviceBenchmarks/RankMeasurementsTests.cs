using System.Text;

namespace HslEmbeddingZero.Samples.Tests.DeviceBenchmarks;

/// <summary>The commands that measure several processes: options, errors, and the form of what they print. No time is tested.</summary>
public sealed class RankMeasurementsTests
{
    private const string Assembly = "HslEmbeddingZero.DeviceBenchmarks.dll";

    private static readonly Dictionary<string, string> OneThread = new() { ["OMP_NUM_THREADS"] = "1" };

    [Theory]
    [InlineData("exchange needs 2 processes or more; this one is alone. Start it with mpirun -n 2", 1, "exchange")]
    [InlineData("unknown option 'round'; did you mean rounds? Known are floats, rounds.", 1, "exchange", "round=3")]
    [InlineData("floats takes whole numbers of 1 or more; got '-1'.", 1, "exchange", "floats=2,-1")]
    [InlineData("body takes one of paper, quick.", 1, "ranks", "body=paper,quick")]
    [InlineData("precision=tf32 is unknown; allowed are float32, bfloat16.", 1, "ranks", "precision=tf32")]
    [InlineData("accumulation takes whole numbers of 1 or more; got '0'.", 1, "ranks", "accumulation=0")]
    [InlineData("unknown command 'exchang'; did you mean exchange? --help lists", 2, "exchang")]
    public void A_wrong_command_line_ends_in_one_line_that_says_why(string message, int exitCode, params string[] arguments)
    {
        (int actual, string output, string error) = SampleProcess.Run(Assembly, arguments);
        Assert.Equal(exitCode, actual);
        Assert.Empty(output);
        Assert.StartsWith($"error: {message}", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(letter => letter == '\n'));
    }

    [Fact]
    public void The_help_lists_the_commands_with_their_options()
    {
        (int exitCode, string output, _) = SampleProcess.Run(Assembly, "--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("floats=25357576,2173700,1000,2 rounds=9", output, StringComparison.Ordinal);
        Assert.Contains("batch=4 accumulation=2 steps=10 reduction=fast|ordered", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_alone_trains_without_an_exchange()
    {
        (int exitCode, string output, string error) = SampleProcess.RunWith(
            OneThread, Assembly, "ranks", "body=quick", "precision=float32,bfloat16", "batch=1", "accumulation=1", "steps=1");
        Assert.True(exitCode == 0, output + error);
        string[][] rows = Rows(output);
        Assert.Equal(["float32", "bfloat16"], rows.Select(row => row[1]));
        Assert.All(rows, row =>
        {
            Assert.Equal(["quick", "1 × 1", "1 × 1", "freed"], [row[0], row[2], row[3], row[4]]);
            Assert.True(double.Parse(row[5]) > 0);
            Assert.All(row[8..14], Assert.Empty);
        });
    }

    [SkippableFact]
    public void Two_ranks_train_one_model_and_tell_what_the_exchange_takes()
    {
        string[] row = Assert.Single(Rows(OfTwoRanks("ranks body=quick batch=1 steps=2")));
        Assert.Equal(["quick", "float32", "2 × 1", "2 × 1", "freed"], row[..5]);
        (double step, double gradientMegabytes, double exchange) = (double.Parse(row[5]), double.Parse(row[8]), double.Parse(row[9]));
        Assert.InRange(gradientMegabytes, 8.7, 8.8); // 2,173,700 float32 numbers, and padding
        Assert.InRange(exchange, 0.01, step);
        Assert.Equal(2, row[12].Split(", ").Length); // the waiting of each rank
    }

    [SkippableFact]
    public void Two_ranks_measure_the_sum_beside_a_copy()
    {
        string output = OfTwoRanks("exchange floats=300000,2 rounds=2");
        Assert.StartsWith("2 ranks on the CPU, threads of each: 1; medians of 2 rounds", output, StringComparison.Ordinal);
        string[][] rows = Rows(output);
        string[] calls = ["AllReduce", "AllReduce, inRankOrder", "copy_ in every rank", "add_ in every rank"];
        Assert.Equal([.. calls, .. calls], rows.Select(row => row[1]));
        Assert.Equal([true, true, false, false, false, false, false, false], rows.Select(row => row[6].Length > 0)); // beside the floor
        Assert.All(rows, row => Assert.InRange(double.Parse(row[2]), double.Parse(row[3]), double.Parse(row[4])));
    }

    [SkippableFact]
    public void An_error_of_all_ranks_is_printed_once()
    {
        (int exitCode, _, string error) = Start("exchange floats=0");
        Assert.NotEqual(0, exitCode);
        Assert.Equal(2, error.Split("error: floats takes whole numbers").Length);
    }

    private static string OfTwoRanks(string arguments)
    {
        (int exitCode, string output, string error) = Start(arguments);
        Assert.True(exitCode == 0, output + error);
        return output;
    }

    private static (int ExitCode, string Output, string Error) Start(string arguments)
    {
        const string launcher = "mpirun.openmpi";
        string[] folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        Skip.IfNot(folders.Any(folder => File.Exists(Path.Combine(folder, launcher))), $"{launcher} is not on the PATH.");

        // TERM: on the terminal that OpenMPI gives a rank, .NET writes control sequences.
        const string environment = "TERM=dumb OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1";
        (int exitCode, byte[] output, string error) = SampleProcess.RunInShell(
            AppContext.BaseDirectory, Assembly, $"{environment} {launcher} --oversubscribe --bind-to none -n 2 {{0}} {arguments}");
        return (exitCode, Encoding.UTF8.GetString(output).ReplaceLineEndings("\n"), error);
    }

    /// <summary>The cells of the only table of an output, without its heading.</summary>
    private static string[][] Rows(string output) =>
    [
        .. output.Split('\n').Where(line => line.StartsWith('|')).Skip(2)
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)),
    ];
}

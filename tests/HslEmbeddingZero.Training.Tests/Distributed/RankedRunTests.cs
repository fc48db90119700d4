namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>The processes of an mpirun train the run that one process trains, bit for bit.</summary>
[Collection(MpiRun.Collection)]
public sealed class RankedRunTests
{
    private static readonly string[] FourOrdered = ["--micro-batches", "4", "--ordered", "true", "--steps", "6"];

    /// <summary>The run of one process in float32.</summary>
    private static readonly Lazy<string[]> Whole = new(() =>
    {
        using RankedRun run = new(FourOrdered);
        return run.Alone().Result;
    });

    [SkippableTheory]
    [InlineData(MpiRun.OpenMpi, "Float32", 2, 4)]
    [InlineData(MpiRun.OpenMpi, "BFloat16", 2, 4)]
    [InlineData(MpiRun.Mpich, "Float32", 4)]
    public void An_ordered_reduction_equals_one_process(string mpirun, string precision, params int[] sizes)
    {
        string[] options = [.. FourOrdered, "--precision", precision];
        string[] expected;
        if (precision == "Float32") expected = Whole.Value;
        else
        {
            using RankedRun one = new(options);
            expected = one.Alone().Result;
        }

        foreach (int size in sizes)
        {
            using RankedRun many = new(options);
            Assert.Equal(expected, many.With(mpirun, size).Result);
        }
    }

    [SkippableTheory]
    [InlineData(MpiRun.OpenMpi)]
    [InlineData(MpiRun.Mpich)]
    public void Two_ranks_with_one_micro_batch_each_equal_one_process_in_any_order(string mpirun)
    {
        using RankedRun one = new();
        using RankedRun two = new();
        Assert.Equal(one.Alone().Result, two.With(mpirun, 2).Result);
    }

    [SkippableFact]
    public void A_run_goes_on_with_any_number_of_ranks()
    {
        using RankedRun parts = new(FourOrdered);
        parts.With(MpiRun.OpenMpi, 2, "--fault", "interrupt@2:1");
        Assert.Equal(2, parts.VerifyCheckpoint());
        parts.Alone("--fault", "interrupt@3:0");
        Assert.Equal(3, parts.VerifyCheckpoint());
        parts.With(MpiRun.OpenMpi, 4, "--fault", "interrupt@4:3");
        Assert.Equal(4, parts.VerifyCheckpoint());
        Assert.Equal(Whole.Value, parts.With(MpiRun.OpenMpi, 2).Result);
    }
}

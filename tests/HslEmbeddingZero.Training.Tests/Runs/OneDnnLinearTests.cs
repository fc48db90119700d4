using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>Training with linear layers computed as convolutions, on any processor that reports its caches.</summary>
public sealed class OneDnnLinearTests
{
    [SkippableFact]
    public void A_resumed_run_equals_an_uninterrupted_one_bit_for_bit()
    {
        TestDevice.RequireConvolution();
        using TemporaryFolder folder = new();
        string checkpoint = folder.PathOf("run.checkpoint.safetensors");
        using TinyRun whole = Run(byConvolution: true);
        whole.Trainer.Run();
        using (TinyRun first = Run(byConvolution: true))
        {
            first.Trainer.Run(stopAt: 3);
            first.Trainer.SaveCheckpoint(checkpoint);
        }

        using TinyRun second = Run(byConvolution: true);
        second.Trainer.LoadCheckpoint(checkpoint);
        second.Trainer.Run();
        Assert.Equal(whole.Weights, second.Weights);
    }

    [SkippableFact]
    public void It_learns_what_training_through_plain_maps_learns()
    {
        TestDevice.RequireConvolution();
        using TinyRun convolved = Run(byConvolution: true), plain = Run(byConvolution: false);
        Reports convolvedReports = new(), plainReports = new();
        convolved.Trainer.Run(convolvedReports);
        plain.Trainer.Run(plainReports);
        Assert.NotEmpty(plainReports.Lines);
        Assert.Equal(plainReports.Lines.Count, convolvedReports.Lines.Count);
        foreach ((TrainingProgress expected, TrainingProgress actual) in plainReports.Lines.Zip(convolvedReports.Lines))
            Assert.Equal(expected.BitsPerByte, actual.BitsPerByte, 1e-3);
    }

    private static TinyRun Run(bool byConvolution)
    {
        TinyRun run = new(TinyRun.Options);
        ((ByteTransformer)run.Model.Body).LinearKernel.UseOneDnn = byConvolution;
        return run;
    }
}

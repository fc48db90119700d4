using HslEmbeddingZero.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>Training on a device. It learns in every precision of the device, resumes from a checkpoint, and leaks no tensors.</summary>
public sealed class TrainerDeviceTests
{
    private static readonly TrainerOptions Options = TinyRun.Options with
    {
        Steps = 30,
        ReportEverySteps = 5,
        GradientAccumulationSteps = 1,
        PeakLearningRate = 1e-2,
        FinalLearningRate = 1e-3,
    };

    [SkippableTheory]
    [InlineData("cpu", Precision.Float32)]
    [InlineData("cpu", Precision.BFloat16)]
    [InlineData("cuda", Precision.Float32)]
    [InlineData("cuda", Precision.TensorFloat32)]
    [InlineData("cuda", Precision.BFloat16)]
    public void Training_lowers_the_loss(string deviceName, Precision precision)
    {
        Reports reports = new();
        using TinyRun run = new(Options with { Precision = precision }, device: TestDevice.Require(deviceName), sources: TinyRun.TextOnly);
        run.Trainer.Run(reports);
        Assert.True(reports.Lines[^1].BitsPerByte < 0.5 * reports.Lines[0].BitsPerByte, string.Join('\n', reports.Lines));
    }

    [SkippableTheory]
    [MemberData(nameof(TestDevice.Names), MemberType = typeof(TestDevice))]
    public void A_run_goes_on_from_its_checkpoint(string deviceName)
    {
        Device device = TestDevice.Require(deviceName);
        using TemporaryFolder folder = new();
        string checkpoint = folder.PathOf("checkpoint.safetensors");
        Reports whole = new(), pieces = new();
        using (TinyRun run = new(Options, device: device, sources: TinyRun.TextOnly)) run.Trainer.Run(whole);
        using (TinyRun run = new(Options, device: device, sources: TinyRun.TextOnly))
        {
            run.Trainer.Run(pieces, stopAt: 15);
            run.Trainer.SaveCheckpoint(checkpoint);
        }

        using (TinyRun run = new(Options, device: device, sources: TinyRun.TextOnly))
        {
            run.Trainer.LoadCheckpoint(checkpoint);
            run.Trainer.Run(pieces);
        }

        // Equal bit for bit on the CPU. On CUDA, the order of sums is not fixed, so the last bits may differ.
        Assert.Equal(whole.Lines.Count, pieces.Lines.Count);
        for (int i = 0; i < whole.Lines.Count; i++)
            Assert.Equal(whole.Lines[i].BitsPerByte, pieces.Lines[i].BitsPerByte, deviceName == "cpu" ? 0 : 0.02);
    }

    [SkippableTheory]
    [MemberData(nameof(TestDevice.Names), MemberType = typeof(TestDevice))]
    public void Steps_leave_no_tensors_behind(string deviceName)
    {
        using TinyRun run = new(Options with { ReportEverySteps = 1 }, device: TestDevice.Require(deviceName), sources: TinyRun.TextOnly);
        run.Trainer.Run(stopAt: 5);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        run.Trainer.Run(stopAt: 25);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}

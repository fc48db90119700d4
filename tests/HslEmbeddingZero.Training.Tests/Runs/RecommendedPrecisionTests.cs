using TorchSharp;

namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class RecommendedPrecisionTests
{
    private static readonly Processor Zen4 = new(IsAmd: true, HasAvx512: true, HasAvx512BFloat16: true, HasAmxBFloat16: false);
    private static readonly Processor Zen3 = new(IsAmd: true, HasAvx512: false, HasAvx512BFloat16: false, HasAmxBFloat16: false);
    private static readonly Processor Xeon = new(IsAmd: false, HasAvx512: true, HasAvx512BFloat16: true, HasAmxBFloat16: false);
    private static readonly Processor XeonWithAmx = Xeon with { HasAmxBFloat16 = true };

    public static TheoryData<string, DeviceType, Precision, string> Machines => new()
    {
        { "none", DeviceType.CPU, Precision.Float32, "float32, linear maps by BLAS, no AVX-512" },
        { "Zen 4", DeviceType.CPU, Precision.BFloat16, "bfloat16 by AVX512_BF16" },
        { "Zen 3", DeviceType.CPU, Precision.Float32, "float32, linear maps by BLAS, no AVX-512" },
        { "Xeon", DeviceType.CPU, Precision.Float32, "float32, linear maps by BLAS, AVX-512" },
        { "Xeon with AMX", DeviceType.CPU, Precision.BFloat16, "bfloat16 by AMX" },
        { "none", DeviceType.CUDA, Precision.BFloat16, "bfloat16" },
    };

    [Theory]
    [MemberData(nameof(Machines))]
    public void The_processor_and_the_device_choose_and_are_described(string name, DeviceType device, Precision precision, string words)
    {
        Processor processor = name switch
        {
            "Zen 4" => Zen4,
            "Zen 3" => Zen3,
            "Xeon" => Xeon,
            "Xeon with AMX" => XeonWithAmx,
            _ => default
        };
        Assert.Equal(precision, RecommendedPrecision.Choose(device, processor));
        Assert.Equal(words, RecommendedPrecision.Describe(precision, device, processor, LinearKernel.ChoosesOneDnn(null, processor)));
    }

    [Theory]
    [InlineData(Precision.TensorFloat32, DeviceType.CUDA, "tf32")]
    [InlineData(Precision.Float32, DeviceType.CUDA, "float32")]
    [InlineData(Precision.Float32, DeviceType.CPU, "float32, linear maps by oneDNN, AVX-512")]
    public void A_precision_that_was_asked_for_is_described(Precision precision, DeviceType device, string words) =>
        Assert.Equal(words, RecommendedPrecision.Describe(precision, device, Zen4, byOneDnn: true));

    [Theory]
    [InlineData(null, "bfloat16 by AMX")]
    [InlineData("", "bfloat16 by AMX")]
    [InlineData("default", "bfloat16 by AMX")]
    [InlineData("AVX512_CORE_AMX", "bfloat16 by AMX")]
    [InlineData("AVX512_CORE_FP16", "bfloat16 by AVX512_BF16")]
    [InlineData("avx512_core_bf16", "bfloat16 by AVX512_BF16")]
    [InlineData("AVX512_CORE", "bfloat16 emulated by AVX-512")]
    [InlineData("AVX2", "bfloat16 emulated by AVX-512")]
    public void A_limit_of_oneDNN_is_part_of_the_description(string? limit, string words) =>
        Assert.Equal(words, RecommendedPrecision.Describe(
            Precision.BFloat16, DeviceType.CPU, XeonWithAmx.LimitedTo(limit), byOneDnn: false));

    [Fact]
    public void Where_oneDNN_may_not_use_AMX_bfloat16_is_not_the_fastest() =>
        Assert.Equal(Precision.Float32, RecommendedPrecision.Choose(DeviceType.CPU, XeonWithAmx.LimitedTo("AVX512_CORE_BF16")));

    /// <summary>The choice uses no timing: it is the same with every core busy.</summary>
    [Fact]
    public void A_busy_machine_gets_the_same_answer()
    {
        Precision quiet = RecommendedPrecision.For();
        using CancellationTokenSource stop = new();
        Thread[] busy = [.. Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(
            _ => new Thread(() => SpinWait.SpinUntil(() => stop.IsCancellationRequested)))];
        foreach (Thread thread in busy) thread.Start();
        try
        {
            for (int i = 0; i < 20; i++) Assert.Equal(quiet, RecommendedPrecision.For());
        }
        finally
        {
            stop.Cancel();
            foreach (Thread thread in busy) thread.Join();
        }
    }
}

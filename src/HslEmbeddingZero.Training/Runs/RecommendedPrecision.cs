using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The precision in which a device trains fastest. It is chosen by the kind of device and processor, never by a timing. On a busy machine,
/// a timing could choose another precision, and the same command would give other numbers.
/// </summary>
public static class RecommendedPrecision
{
    /// <summary>Chooses the precision for a device.</summary>
    /// <param name="device">The device to train on; the CPU when null.</param>
    /// <returns>
    /// <see cref="Precision.BFloat16"/> on CUDA, on processors with AMX, and on AMD's with AVX512_BF16 (Zen 4 and later);
    /// <see cref="Precision.Float32"/> elsewhere. An Intel processor with AVX512_BF16 alone multiplies bfloat16 no faster than float32.
    /// </returns>
    public static Precision For(Device? device = null) => Choose((device ?? CPU).type, Processor.Current);

    /// <summary>
    /// Describes how a precision is computed on a device. On a CPU, runs with the same description and the same number of threads give the
    /// same numbers. Runs with another description differ in the last digits, and training makes these differences larger.
    /// </summary>
    /// <param name="precision">The precision.</param>
    /// <param name="device">The device; the CPU when null.</param>
    /// <returns>For example "bfloat16 by AVX512_BF16".</returns>
    public static string Describe(Precision precision, Device? device = null) => Describe(
        precision, (device ?? CPU).type, Processor.Current,
        LinearKernel.ChoosesOneDnn(Environment.GetEnvironmentVariable(LinearKernel.Variable), Processor.Current));

    internal static string Describe(Precision precision, DeviceType device, Processor processor, bool byOneDnn) =>
        (precision, device) switch
        {
            (Precision.TensorFloat32, _) => "tf32",
            (Precision.BFloat16, DeviceType.CPU) => processor switch
            {
                { HasAmxBFloat16: true } => "bfloat16 by AMX",
                { HasAvx512BFloat16: true } => "bfloat16 by AVX512_BF16",
                { HasAvx512: true } => "bfloat16 emulated by AVX-512",
                _ => "bfloat16 emulated",
            },
            (Precision.Float32, DeviceType.CPU) =>
                $"float32, linear maps by {(byOneDnn ? "oneDNN" : "BLAS")}, {(processor.HasAvx512 ? "AVX-512" : "no AVX-512")}",
            _ => precision.ToString().ToLowerInvariant(),
        };

    internal static Precision Choose(DeviceType device, Processor processor) =>
        device == DeviceType.CUDA || processor.HasAmxBFloat16 || (processor.IsAmd && processor.HasAvx512BFloat16)
            ? Precision.BFloat16
            : Precision.Float32;
}

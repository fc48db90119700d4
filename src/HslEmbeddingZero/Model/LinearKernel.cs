using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Computes the linear layers of a body, with the matrix product that is fastest for device, dtype and processor.</summary>
/// <remarks>
/// libtorch's linear layer calls MKL, which uses half the vector width of an AMD processor that has AVX-512. Its convolution calls oneDNN,
/// which uses the full width. A linear layer over positions equals a convolution with a kernel of one point. The processor decides, not a
/// timing: a resumed run must compute the same bits as the run before it.
/// </remarks>
internal sealed class LinearKernel
{
    /// <summary>Name of the environment variable that overrides the choice: <c>onednn</c>, <c>blas</c> or <c>auto</c>.</summary>
    public const string Variable = "HSL_FLOAT32_PRODUCT";

    /// <summary>With fewer positions, oneDNN's reordering of the weights costs more than the products.</summary>
    public const long FewestPositions = 256;

    // libtorch passes batches of this size to oneDNN, whatever the size of the images and the number of threads.
    private const int FewestImages = 16;

    /// <summary>Whether float32 linear layers over many positions on a CPU are computed as convolutions.</summary>
    /// <exception cref="ArgumentException">
    /// At construction: the environment variable has an unknown value, or asks for oneDNN on a processor that
    /// <see cref="Processor.HidesCaches"/>.
    /// </exception>
    public bool UseOneDnn { get; set; } = ChoosesOneDnn(Environment.GetEnvironmentVariable(Variable), Processor.Current);

    /// <summary>[..., in] to [..., out].</summary>
    public Tensor Apply(Linear map, Tensor x) => Convolves(map, x) ? Convolve(map, x) : map.forward(x);

    /// <summary>Whether <see cref="Apply"/> uses the convolution.</summary>
    public bool Convolves(Linear map, Tensor x) =>
        UseOneDnn && x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && x.numel() >= FewestPositions * map.weight!.size(1);

    /// <summary>Whether a setting and a processor select oneDNN.</summary>
    public static bool ChoosesOneDnn(string? setting, Processor processor) => setting switch
    {
        null or "" or "auto" => processor is { IsAmd: true, HasAvx512: true, HidesCaches: false },
        "onednn" when processor.HidesCaches => throw new ArgumentException(
            $"{Variable} is 'onednn', but this processor does not say how large its caches are (a virtual machine may hide them), and " +
            "oneDNN's convolution gives wrong numbers there. Use blas or auto."),
        "onednn" => true,
        "blas" => false,
        _ => throw new ArgumentException($"{Variable} is '{setting}'; it must be onednn, blas or auto."),
    };

    private static Tensor Convolve(Linear map, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        long inputs = map.weight!.size(1), outputs = map.weight.size(0), positions = x.numel() / inputs;
        long images = FewestImages;
        while (positions % images != 0 && images < 2 * FewestImages) images++;
        if (images == 2 * FewestImages) images = 1;

        // Rows of channels have the layout of a channels-last image, so these are views, not copies.
        Tensor image = x.reshape(images, positions / images, 1, inputs).permute(0, 3, 1, 2);
        Tensor mapped = nn.functional.conv2d(image, map.weight.view(outputs, inputs, 1, 1), map.bias);
        return mapped.permute(0, 2, 3, 1).reshape([.. x.shape[..^1], outputs]).MoveToOuterDisposeScope();
    }
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>The linear maps of a body, by the matrix product that is fastest for device, dtype and processor.</summary>
/// <remarks>
/// libtorch's linear map asks MKL, which uses half the vector width of an AMD processor that has AVX-512. Its convolution asks oneDNN,
/// which uses all of it; and a map over positions is a convolution with a kernel of one point. The choice is fixed by the processor, not
/// timed: a resumed run must compute every bit as the run before it did.
/// </remarks>
internal sealed class LinearKernel
{
    /// <summary>Name of the environment variable that overrules the choice: <c>onednn</c>, <c>blas</c> or <c>auto</c>.</summary>
    public const string Variable = "HSL_FLOAT32_PRODUCT";

    /// <summary>With fewer positions the weights, which oneDNN brings into an order of its own, weigh more than the products.</summary>
    public const long FewestPositions = 256;

    // libtorch gives batches this large to oneDNN whatever their size and the number of threads.
    private const int FewestImages = 16;

    /// <summary>Whether float32 maps over many positions on a CPU are computed as convolutions.</summary>
    /// <exception cref="ArgumentException">
    /// At construction: the environment variable holds something else, or oneDNN on a processor that <see cref="Processor.HidesCaches"/>.
    /// </exception>
    public bool UseOneDnn { get; set; } = ChoosesOneDnn(Environment.GetEnvironmentVariable(Variable), Processor.Current);

    /// <summary>[..., in] to [..., out].</summary>
    public Tensor Apply(Linear map, Tensor x) => Convolves(map, x) ? Convolve(map, x) : map.forward(x);

    /// <summary>Whether <see cref="Apply"/> takes the convolution.</summary>
    public bool Convolves(Linear map, Tensor x) =>
        UseOneDnn && x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && x.numel() >= FewestPositions * map.weight!.size(1);

    /// <summary>What a setting and a processor come to.</summary>
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

        // Rows of channels are an image stored channels-last: views, no copies.
        Tensor image = x.reshape(images, positions / images, 1, inputs).permute(0, 3, 1, 2);
        Tensor mapped = nn.functional.conv2d(image, map.weight.view(outputs, inputs, 1, 1), map.bias);
        return mapped.permute(0, 2, 3, 1).reshape([.. x.shape[..^1], outputs]).MoveToOuterDisposeScope();
    }
}

using System.CommandLine;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>What computes a model that is only read: --engine, --precision and --device.</summary>
internal sealed class EngineOptions
{
    private const string Decoder = "decoder", Torch = "torch", Cuda = "cuda", Stored = "stored";

    private readonly Option<string> _engine;
    private readonly Option<string> _precision = CheckedOptions.Choice(
        "--precision", "How the decoder keeps the weights in memory: stored (as the file has them), float32, bfloat16 or int8. It "
            + "computes in float32.", Stored, Stored, "float32", "bfloat16", "int8");
    private readonly Option<string> _device = ComputeOptions.Device();

    private EngineOptions(string description, string engine) =>
        _engine = CheckedOptions.Choice("--engine", description, engine, Decoder, Torch);

    /// <summary>One text: the decoder, unless a GPU is asked for.</summary>
    public static EngineOptions ForText() => new(
        "decoder: plain C#, on one core of the CPU. torch: libtorch, which starts slowly, but can use a GPU; the default with "
            + "--device cuda.", Decoder);

    /// <summary>Many samples: libtorch, as in training.</summary>
    public static EngineOptions ForSamples() => new(
        "torch: libtorch, on the CPU or a GPU. decoder: plain C#, on all cores of the CPU.", Torch);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _engine, _precision, _device }) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            bool isCuda = result.GetValue(_device) == Cuda, isTorch = result.GetValue(_engine) == Torch;
            if (isCuda && !isTorch && IsGiven(_engine))
                result.AddError("--engine decoder cannot be combined with --device cuda: it runs on the CPU. Give --engine torch.");
            if ((isCuda || isTorch) && IsGiven(_precision))
                result.AddError("--precision is for the decoder. Leave it out, or give --engine decoder without --device cuda.");

            bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
        });
    }

    /// <summary>The device, where libtorch computes; null for the decoder.</summary>
    public torch.Device? Device(ParseResult parsed) =>
        parsed.GetValue(_engine) == Torch || parsed.GetValue(_device) == Cuda
            ? ComputeOptions.ChooseDevice(parsed.GetValue(_device)!) : null;

    /// <summary>Loads a model file for a device, or for the decoder if the device is null.</summary>
    /// <returns>A model; one on libtorch is to be disposed.</returns>
    public IByteModel Load(ParseResult parsed, string path, torch.Device? device)
    {
        if (device is null)
        {
            string precision = parsed.GetValue(_precision)!;
            return ByteDecoder.Load(path, new()
            {
                Weights = precision == Stored ? null : Enum.Parse<DecoderPrecision>(precision, ignoreCase: true),
            });
        }

        var model = ByteLanguageModel.Load(path);
        model.to(device);
        return model;
    }
}

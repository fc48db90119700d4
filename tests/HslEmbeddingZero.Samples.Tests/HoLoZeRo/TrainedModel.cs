using HslEmbeddingZero.Tests;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

/// <summary>One smoke-size training run, shared by several tests.</summary>
public sealed class TrainedModel : IDisposable
{
    public const string Assembly = "HoLoZeRo.dll";

    private readonly TemporaryFolder _folder = new();

    public TrainedModel() => Result = Train(Out);

    public (int ExitCode, string Output, string Error) Result { get; }

    public string Out => _folder.PathOf("out");

    public string Weights => Path.Combine(Out, "model.safetensors");

    public static (int ExitCode, string Output, string Error) Train(string output, params string[] arguments) =>
        SampleProcess.Run(Assembly, TrainArguments(output, arguments));

    public static string[] TrainArguments(string output, params string[] arguments) =>
        ["train", "--preset", "smoke", "--device", "cpu", "--precision", "float32", "--out", output, .. arguments];

    /// <summary>Saves a model that never ends a document, so that a text has all bytes that are asked for.</summary>
    /// <returns>Path of the new file.</returns>
    public static string SaveEndless(string weights, string path)
    {
        using var model = ByteLanguageModel.Load(weights);
        using (no_grad())
        using (Tensor end = model.Weights()["head.bias"].narrow(0, ByteIds.EndOfSequence, 1)) end.fill_(-100);
        model.Save(path);
        return path;
    }

    public string Read(string name) => File.ReadAllText(Path.Combine(Out, name));

    public void Dispose() => _folder.Dispose();
}

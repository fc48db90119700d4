using HslEmbeddingZero.Tests;

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

    public string Read(string name) => File.ReadAllText(Path.Combine(Out, name));

    public void Dispose() => _folder.Dispose();
}

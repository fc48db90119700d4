using System.Diagnostics;
using HslEmbeddingZero.Tests.Model;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>Model files between the library and Python, in both directions: a numpy reader and writer, and the body in PyTorch.</summary>
public sealed class PythonInterchangeTests : IDisposable
{
    /// <summary>The Python on the PATH may differ from the Python that has the system's packages.</summary>
    private static readonly string[] Interpreters = ["python3", "/usr/bin/python3"];

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _scope.Dispose();
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Python_reads_and_writes_what_the_library_writes_and_reads(ScalarType dtype)
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        model.Save(File("ours"), dtype, new Dictionary<string, string> { ["corpus"] = "말뭉치 \"1\"" });
        Python("numpy", "negate", File("ours"), File("theirs"));

        Assert.Equal("말뭉치 \"1\"", Safetensors.ReadHeader(File("theirs")).Metadata["corpus"]);
        using var expected = ByteLanguageModel.Load(File("ours"));
        using var negated = ByteLanguageModel.Load(File("theirs"));
        foreach ((string name, Tensor weight) in expected.Weights())
            Assert.True((-weight).eq(negated.Weights()[name]).all().item<bool>(), name);
    }

    [SkippableFact]
    public void The_librarys_weights_give_the_same_logits_in_PyTorch()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        model.Save(File("model"));
        SaveInputs(model);
        Python("torch", "logits", File("model"), File("inputs"), File("logits"));
        AssertSameLogits(model);
    }

    [SkippableFact]
    public void PyTorch_s_weights_give_the_same_logits_in_the_library()
    {
        using (ByteLanguageModel any = GoldenBody.RandomModel()) SaveInputs(any);
        Python("torch", "create", File("inputs"), File("model"), File("logits"));
        using var model = ByteLanguageModel.Load(File("model"));
        AssertSameLogits(model);
    }

    /// <summary>The output of the door, which has no weights, for some bytes.</summary>
    private void SaveInputs(ByteLanguageModel model)
    {
        Tensor context = arange(2 * 30, dtype: ScalarType.Int64).reshape(2, 30);
        Tensor stream = arange(2 * 100, dtype: ScalarType.Int64).reshape(2, 100);
        Safetensors.Save(File("inputs"),
            new Dictionary<string, Tensor> { ["slots"] = model.Door.forward(context), ["stream"] = model.Door.Stream(stream) });
    }

    private void AssertSameLogits(ByteLanguageModel model)
    {
        IReadOnlyDictionary<string, Tensor> inputs = Safetensors.Load(File("inputs"));
        Tensor expected = Safetensors.Load(File("logits"))["logits"];
        Tensor actual = model.Body.forward(inputs["slots"], inputs["stream"]);
        Assert.Equal(expected.shape, actual.shape);
        double difference = (expected - actual).abs().max().item<float>();
        Assert.True(difference < 1e-4, $"The largest difference is {difference}.");
        Assert.True(actual.std().item<float>() > 0.1f, "All logits are alike.");
    }

    private string File(string name) => _folder.PathOf(name + ".safetensors");

    private static void Python(string module, params string[] arguments)
    {
        string? interpreter = Interpreters.FirstOrDefault(candidate => Run(candidate, "-c", $"import {module}").ExitCode == 0);
        Skip.If(interpreter is null, $"There is no python3 with {module}.");
        (int exitCode, string error) = Run(interpreter!,
            [Path.Combine(AppContext.BaseDirectory, "interchange.py"), Path.Combine(AppContext.BaseDirectory, "peer"), .. arguments]);
        Assert.True(exitCode == 0, error);
    }

    private static (int ExitCode, string Error) Run(string program, params string[] arguments)
    {
        try
        {
            ProcessStartInfo start = new(program, arguments) { RedirectStandardError = true };
            start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
            using Process process = Process.Start(start)!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, error);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (-1, missing.Message);
        }
    }
}

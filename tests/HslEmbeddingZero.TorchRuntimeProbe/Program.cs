using HslEmbeddingZero;
using TorchSharp;

// Each argument is a step: load (from HSL_TORCH_LIB), load=FOLDER, ensure, sum, describe. A TorchRuntimeException ends with code 1.
try
{
    foreach (string step in args)
    {
        if (step.StartsWith("load", StringComparison.Ordinal))
            Console.WriteLine($"load: {TorchRuntime.Load(step.Length > 5 ? step[5..] : null)}");
        else if (step == "ensure") TorchRuntime.EnsureLoaded();
        else if (step == "sum") Console.WriteLine($"sum: {torch.ones(2).sum().item<float>()}");
        else if (step == "describe") Console.WriteLine(TorchRuntime.Describe());
        else throw new ArgumentException($"Unknown step '{step}'.");
    }

    return 0;
}
catch (TorchRuntimeException error)
{
    Console.WriteLine($"{nameof(TorchRuntimeException)}: {error.Message}");
    return 1;
}

using HslEmbeddingZero.Tests;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>
/// The number of operations that a micro-batch of the published body launches on a device, in the form for accelerators. On a GPU, the host
/// is the limit: it needs about 5 µs per operation, the device less.
/// </summary>
[Collection(GlobalGenerator.Name)]
public sealed class OperationBudgetTests(ITestOutputHelper output)
{
    private const int Budget = 1050;

    /// <summary>Operations that launch nothing: views, memory, and those that only call other operations, which are counted.</summary>
    private static readonly HashSet<string> WithoutLaunch =
    [
        // views
        "alias", "as_strided", "detach", "expand", "narrow", "permute", "select", "slice", "split", "split_with_sizes", "squeeze", "t",
            "transpose", "unbind",
        "unsqueeze", "view", "_reshape_alias", "_unsafe_view", "resolve_conj", "resolve_neg",
        // memory
        "empty", "empty_like", "empty_strided", "resize_",
        // composed of other operations
        "clone", "contiguous", "cross_entropy_loss", "dropout", "layer_norm", "linear", "log_softmax", "matmul", "nll_loss", "nll_loss_nd",
            "ones_like",
        "reshape", "scaled_dot_product_attention", "slice_backward", "softmax", "special_softmax", "stack", "_pad_enum", "to", "_to_copy",
        "zero_", "zeros",
    ];

    [SkippableTheory]
    [InlineData("text", 512, 256)]
    [InlineData("video", 539, 539)]
    [InlineData("caption", 514, 25)]
    public void A_micro_batch_of_the_published_body_stays_within_its_budget_of_operations(string source, int contextLength,
        int targetLength)
    {
        TorchRuntime.EnsureLoaded();
        Skip.IfNot(OperationCount.IsAvailable, "Operations are counted through libtorch's C++ names on Linux x64.");
        using DisposeScope scope = NewDisposeScope();
        using var model = new ByteLanguageModel(new ZeroDoor(), new ByteTransformer(new ByteTransformerOptions()));
        model.to(ScalarType.BFloat16);
        model.train();
        using FlatParameters parameters = new(model);
        SampleShape shape = new(contextLength, targetLength);
        int cpu = Launches(model, source, shape);
        ((ByteTransformer)model.Body).Form.ForcesAccelerator = true;
        int accelerator = Launches(model, source, shape);
        Assert.InRange(accelerator, 300, Budget); // below 300, not all operations would be counted
        Assert.True(accelerator < cpu - 100, $"{accelerator} in the accelerator's form, {cpu} in the CPU's");
    }

    private int Launches(ByteLanguageModel model, string source, SampleShape shape)
    {
        Tensor context = randint(0, 256, [1, shape.ContextLength], ScalarType.Int16);
        Tensor targets = randint(0, 256, [1, shape.TargetLength], ScalarType.Int16);
        model.Body.SeedDropout(1, CPU);
        LanguageModelLoss.NatsPerByte(model.forward(context, targets), targets).backward(); // creates tables that are kept

        using (new OperationCount())
        {
            Tensor loss = LanguageModelLoss.NatsPerByte(model.forward(context, targets), targets);
            int forward = Launching().Sum(pair => pair.Times);
            loss.backward();
            (string Name, int Times)[] all = Launching();
            int sum = all.Sum(pair => pair.Times);
            output.WriteLine($"{source}: {forward} forward + {sum - forward} backward = {sum}");
            output.WriteLine(string.Join(", ", all.Select(pair => $"{pair.Times} {pair.Name}")));
            return sum;
        }
    }

    private static (string Name, int Times)[] Launching() =>
    [
        .. OperationCount.ByName()
            .Where(pair => pair.Key.StartsWith("aten::", StringComparison.Ordinal)) // autograd's nodes have other names
            .Select(pair => (Name: pair.Key["aten::".Length..], Times: pair.Value))
            .Where(pair => !WithoutLaunch.Contains(pair.Name))
            .OrderByDescending(pair => pair.Times),
    ];
}

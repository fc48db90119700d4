using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

/// <summary>The body gives the same results on a device as on the CPU.</summary>
public sealed class BodyDeviceTests
{
    [SkippableTheory]
    [MemberData(nameof(TestDevice.Forms), MemberType = typeof(TestDevice))]
    public void The_golden_body_gives_its_logits_loss_and_gradients(string form)
    {
        Device device = TestDevice.RequireForm(form, out bool asAccelerator);
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> golden = GoldenBody.Load();
        using ByteLanguageModel model = GoldenBody.Model(golden);
        model.to(device);
        ((ByteTransformer)model.Body).Form.ForcesAccelerator = asAccelerator;
        Tensor targets = golden["input.target_ids"].to(device);
        Tensor logits = model.forward(golden["input.context_ids"].to(device), targets);
        Assert.True(Largest(logits, golden["expected.logits"]) < 1e-4);

        Tensor loss = nn.functional.cross_entropy(logits.reshape(-1, logits.shape[^1]), targets.reshape(-1).to(ScalarType.Int64));
        Assert.Equal(GoldenBody.Loss, loss.cpu().item<float>(), 1e-4);
        loss.backward();
        var parameters = model.Body.named_parameters().ToDictionary(p => p.name,
            p => p.parameter);
        KeyValuePair<string, Tensor>[] gradients =
            [.. golden.Where(e => e.Key.StartsWith("expected.grad.", StringComparison.Ordinal))];
        Assert.Equal(2, gradients.Length);
        foreach ((string key, Tensor expected) in gradients)
        {
            // The gradients are small, so the bound is relative to the largest number.
            double bound = 1e-3 * expected.abs().max().item<float>();
            Assert.True(Largest(parameters[key["expected.grad.".Length..]].grad!, expected) < bound, key);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(TestDevice.Forms), MemberType = typeof(TestDevice))]
    public void In_bfloat16_the_logits_stay_near(string form)
    {
        Device device = TestDevice.RequireForm(form, out bool asAccelerator);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable quiet = no_grad();
        manual_seed(8);
        using ByteLanguageModel model = GoldenBody.RandomModel();
        Tensor context = randint(0, 256, [2, 40], ScalarType.Byte), targets = randint(0, 256, [2, 70], ScalarType.Byte);
        Tensor expected = model.forward(context, targets);
        model.to(device);
        ((ByteTransformer)model.Body).Form.ForcesAccelerator = asAccelerator;
        model.to(ScalarType.BFloat16);
        Tensor actual = model.forward(context.to(device), targets.to(device));
        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.True(Largest(actual, expected) < 0.05 * expected.abs().max().item<float>());
    }

    [SkippableTheory]
    [MemberData(nameof(TestDevice.Forms), MemberType = typeof(TestDevice))]
    public void Byte_by_byte_comes_what_the_whole_gives(string form)
    {
        Device device = TestDevice.RequireForm(form, out bool asAccelerator);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable quiet = no_grad();
        manual_seed(6);
        using ByteLanguageModel model = GoldenBody.RandomModel();
        model.to(device);
        ((ByteTransformer)model.Body).Form.ForcesAccelerator = asAccelerator;
        byte[] context = [.. Enumerable.Range(0, 20).Select(i => (byte)(i * 11))],
            targets = [.. Enumerable.Range(0, 30).Select(i => (byte)(i * 7))];
        Tensor expected = model.forward(tensor(context, [1, 20]).to(device), tensor(targets, [1, 30]).to(device)).cpu();
        using ByteGenerator generator = new(model, Array.ConvertAll(context, b => (short)b));
        for (int i = 0; i < targets.Length; i++)
        {
            Assert.True(Largest(tensor(generator.Logits.ToArray()), expected[0, i]) < 1e-4, $"byte {i}");
            generator.Accept(targets[i]);
        }
    }

    private static double Largest(Tensor actual, Tensor expected) =>
        (actual.to(ScalarType.Float32).cpu() - expected.cpu()).abs().max().item<float>();
}

using CsCheck;
using HslEmbeddingZero.Tests.Doors;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

public sealed class ByteLanguageModelTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IReadOnlyDictionary<string, Tensor> _golden = GoldenBody.Load();

    public void Dispose()
    {
        foreach (Tensor tensor in _golden.Values) tensor.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(128)]
    [InlineData(16)]
    [InlineData(7)]
    public void Golden_logits_loss_and_gradients(int chunk)
    {
        using ByteLanguageModel model = GoldenBody.Model(_golden, chunk);
        Assert.Equal(GoldenBody.Parameters, model.Body.ParameterCount);
        Tensor targets = _golden["input.target_ids"];
        Tensor logits = model.forward(_golden["input.context_ids"], targets);
        Close(_golden["expected.logits"], logits, 1e-4);

        Tensor loss = nn.functional.cross_entropy(logits.reshape(-1, ByteIds.Count), targets.reshape(-1));
        Assert.Equal(GoldenBody.Loss, loss.item<float>(), 1e-5);
        loss.backward();
        foreach (string key in (string[])["self_blocks.0.qkv.weight", "mem_blocks.0.gate"])
            Close(_golden[$"expected.grad.{key}"], model.Weights()[key].grad!, 1e-4);
    }

    [Fact]
    public void Golden_gradients_to_four_digits()
    {
        // The gradients are small, so an absolute bound alone would accept wrong values.
        using ByteLanguageModel model = GoldenBody.Model(_golden);
        Tensor targets = _golden["input.target_ids"];
        Tensor logits = model.forward(_golden["input.context_ids"], targets);
        nn.functional.cross_entropy(logits.reshape(-1, ByteIds.Count), targets.reshape(-1)).backward();
        foreach (string key in (string[])["self_blocks.0.qkv.weight", "mem_blocks.0.gate"])
        {
            Tensor expected = _golden[$"expected.grad.{key}"];
            double error = (expected - model.Weights()[key].grad!).norm().item<float>() / expected.norm().item<float>();
            Assert.True(error < 1e-4, $"{key}: relative error {error}");
        }
    }

    [Fact]
    public void Golden_slots_and_stream_exactly()
    {
        using var door = new ZeroDoor(2, 64);
        Tensor targets = _golden["input.target_ids"];
        Tensor shifted = cat([zeros(2, 1, dtype: ScalarType.Int64), targets.narrow(1, 0, 39)], 1);
        Assert.True(door.forward(_golden["input.context_ids"]).eq(_golden["expected.slots"]).all().item<bool>());
        Assert.True(door.Stream(shifted).eq(_golden["expected.stream"]).all().item<bool>());
    }

    [Fact]
    public void The_bfloat16_form_is_close_to_float32()
    {
        using ByteLanguageModel model = GoldenBody.Model(_golden);
        model.to(ScalarType.BFloat16);
        Tensor logits = model.forward(_golden["input.context_ids"], _golden["input.target_ids"]);
        Assert.Equal(ScalarType.BFloat16, logits.dtype);
        Tensor expected = _golden["expected.logits"];
        double error = (logits.to(ScalarType.Float32) - expected).norm().item<float>() / expected.norm().item<float>();
        Assert.True(error < 0.03, $"relative error {error}");
    }

    [Fact]
    public void The_double_form_is_close_to_float32()
    {
        using ByteLanguageModel model = GoldenBody.Model(_golden);
        model.to(ScalarType.Float64);
        Tensor logits = model.forward(_golden["input.context_ids"], _golden["input.target_ids"]);
        Assert.Equal(ScalarType.Float64, logits.dtype);
        Close(_golden["expected.logits"], logits, 1e-4);
    }

    [Theory]
    [InlineData(128)]
    [InlineData(8)]
    public void A_target_byte_reaches_only_later_positions(int chunk)
    {
        using ByteLanguageModel model = GoldenBody.RandomModel(chunk);
        using IDisposable guard = no_grad();
        (from length in Gen.Int[2, 40]
         from at in Gen.Int[0, length - 1]
         from context in Gen.Int[0, 20]
         from seed in Gen.Int[0, 1000]
         select (length, at, context, seed)).Sample(
            draw =>
            {
                using DisposeScope scope = NewDisposeScope();
                using IDisposable inner = no_grad();
                byte[] bytes = DoorTensors.RandomBytes(draw.length, draw.seed);
                Tensor context = DoorTensors.Ids(DoorTensors.RandomBytes(draw.context, draw.seed + 1), ScalarType.Byte, 1, draw.context);
                Tensor before = model.forward(context, DoorTensors.Ids(bytes, ScalarType.Byte, 1, draw.length));
                bytes[draw.at] ^= 0x5A;
                Tensor change = (model.forward(context, DoorTensors.Ids(bytes, ScalarType.Byte, 1, draw.length)) - before).abs();
                Assert.True(change.narrow(1, 0, draw.at + 1).max().item<float>() <= 1e-6f, "an earlier position changed");
                if (draw.at + 1 < draw.length)
                    Assert.True(change.select(1, draw.at + 1).max().item<float>() > 1e-4f, "the next position did not change");
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public void A_context_byte_reaches_every_position()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        using IDisposable guard = no_grad();
        Tensor targets = DoorTensors.Ids(DoorTensors.RandomBytes(12, 1), ScalarType.Byte, 1, 12);
        byte[] context = DoorTensors.RandomBytes(10, 2);
        Tensor before = model.forward(DoorTensors.Ids(context, ScalarType.Byte, 1, 10), targets);
        for (int i = 0; i < 10; i++)
        {
            byte[] changed = [.. context];
            changed[i] ^= 0x80;
            Tensor after = model.forward(DoorTensors.Ids(changed, ScalarType.Byte, 1, 10), targets);
            Assert.All((after - before).abs().amax([0, 2]).data<float>(), change => Assert.True(change > 0));
        }
    }

    [Fact]
    public void Rows_of_a_batch_do_not_mix()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        using IDisposable guard = no_grad();
        Tensor context = DoorTensors.Ids(DoorTensors.RandomBytes(30, 1), ScalarType.Byte, 3, 10);
        Tensor targets = DoorTensors.Ids(DoorTensors.RandomBytes(36, 2), ScalarType.Int64, 3, 12);
        Tensor all = model.forward(context, targets);
        for (int i = 0; i < 3; i++)
            Close(all.narrow(0, i, 1), model.forward(context.narrow(0, i, 1), targets.narrow(0, i, 1)), 1e-5);
    }

    [Fact]
    public void A_context_may_be_empty()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        Tensor logits = model.forward(zeros([2, 0], dtype: ScalarType.Byte), ones([2, 5], dtype: ScalarType.Byte));
        Assert.Equal(new long[] { 2, 5, ByteIds.Count }, logits.shape);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        Refused([2, 4], [3, 5], "[2, 4]", "[3, 5]");
        Refused([2, 4], [2, 0], "[2, 0]", "L of 1 or more");
        Refused([4], [2, 5], "[4]");
        Refused([2, 4], [1, 2, 5], "[1, 2, 5]");
        Assert.Throws<ArgumentNullException>(() => model.forward(null!, ones(1, 1, dtype: ScalarType.Byte)));
        Assert.Throws<ArgumentNullException>(() => model.forward(ones(1, 1, dtype: ScalarType.Byte), null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.forward(DoorTensors.Ids([300], 1, 1), DoorTensors.Ids([3, 4], 1, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.forward(DoorTensors.Ids([3], 1, 1), DoorTensors.Ids([300, 4], 1, 2)));
        Assert.Contains("Float32", Assert.Throws<ArgumentException>(() => model.forward(ones(1, 2), ones(1, 2))).Message,
            StringComparison.Ordinal);

        void Refused(long[] context, long[] targets, params string[] parts)
        {
            ArgumentException error = Assert.Throws<ArgumentException>(
                () => model.forward(ones(context, dtype: ScalarType.Byte), ones(targets, dtype: ScalarType.Byte)));
            foreach (string part in parts) Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Widths_that_differ_are_refused()
    {
        using var door = new ZeroDoor(2, 128);
        using var body = new ByteTransformer(GoldenBody.Options);
        ArgumentException error = Assert.Throws<ArgumentException>(() => new ByteLanguageModel(door, body));
        Assert.Contains("128", error.Message, StringComparison.Ordinal);
        Assert.Contains("64", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => new ByteLanguageModel(null!, body));
        Assert.Throws<ArgumentNullException>(() => new ByteLanguageModel(door, null!));
    }

    [Theory]
    [InlineData("zero")]
    [InlineData("projection")]
    [InlineData("embedding")]
    [InlineData("embedding-pooled")]
    [InlineData("learned")]
    public void Saved_weights_come_back(string arm)
    {
        using var folder = new TemporaryFolder();
        using var model = new ByteLanguageModel(DoorArms.Create(arm, 2, 64), new ByteTransformer(GoldenBody.Options));
        using var other = new ByteLanguageModel(DoorArms.Create(arm, 2, 64, seed: 1), new ByteTransformer(GoldenBody.Options));
        string path = folder.PathOf("weights.safetensors");
        model.SaveWeights(path, new Dictionary<string, string> { ["arm"] = arm });
        Assert.Equal(arm, Safetensors.ReadHeader(path).Metadata["arm"]);
        Assert.Contains("self_blocks.0.ff.3.weight", Safetensors.ReadHeader(path).Tensors.Keys);
        Assert.Equal(arm != "zero",
            Safetensors.ReadHeader(path).Tensors.Keys.Any(key => key.StartsWith("door.", StringComparison.Ordinal)));

        Tensor ids = arange(2 * 10, dtype: ScalarType.Int64).reshape(2, 10);
        Assert.False(model.forward(ids, ids).allclose(other.forward(ids, ids)));
        other.LoadWeights(path);
        Assert.True(model.forward(ids, ids).eq(other.forward(ids, ids)).all().item<bool>());
        Assert.All(other.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void Weights_that_do_not_fit_are_refused_and_nothing_changes()
    {
        Unfit(weights => weights.Remove("norm.bias"), "'norm.bias' is missing");
        Unfit(weights => weights["door.slot.weight"] = ones(2), "'door.slot.weight' is extra");
        Unfit(weights => weights["head.weight"] = ones(256, 64), "'head.weight'", "[258, 64]", "[256, 64]");
        Unfit(weights => weights["mem_blocks.0.gate"] = ones([]), "'mem_blocks.0.gate'", "[1]", "[]");

        void Unfit(Action<Dictionary<string, Tensor>> spoil, params string[] parts)
        {
            using var folder = new TemporaryFolder();
            using ByteLanguageModel model = GoldenBody.RandomModel();
            var before = model.Weights().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
            Dictionary<string, Tensor> weights = GoldenBody.Weights(_golden);
            spoil(weights);
            string path = folder.PathOf("weights.safetensors");
            Safetensors.Save(path, weights);
            foreach (Action load in (Action[])[() => model.LoadWeights(path), () => model.LoadWeights(weights, "memory")])
            {
                SafetensorsException error = Assert.Throws<SafetensorsException>(load);
                foreach (string part in parts) Assert.Contains(part, error.Message, StringComparison.Ordinal);
                Assert.All(model.Weights(), entry => Assert.True(entry.Value.eq(before[entry.Key]).all().item<bool>()));
            }
        }
    }

    [Fact]
    public void Steps_leave_no_tensors_behind()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel(chunk: 8, dropout: 0.1);
        model.train();
        Tensor ids = arange(2 * 20, dtype: ScalarType.Int64).reshape(2, 20);
        for (int i = 0; i < 3; i++) Step();
        long before = DoorTensors.LiveTensors;
        for (int i = 0; i < 20; i++) Step();
        Assert.Equal(before, DoorTensors.LiveTensors);

        void Step()
        {
            using DisposeScope scope = NewDisposeScope();
            nn.functional.cross_entropy(model.forward(ids, ids).view(-1, ByteIds.Count), ids.view(-1)).backward();
        }
    }

    [Fact]
    public void Forward_leaves_only_its_result()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        Tensor ids = arange(2 * 20, dtype: ScalarType.Int32).reshape(2, 20);
        model.forward(ids, ids).Dispose();
        long before = DoorTensors.LiveTensors;
        for (int i = 0; i < 20; i++) model.forward(ids, ids).Dispose();
        Assert.Equal(before, DoorTensors.LiveTensors);
    }

    private static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        double distance = (expected - actual).abs().max().to(ScalarType.Float64).item<double>();
        Assert.True(distance <= tolerance, $"The largest difference is {distance}; {tolerance} is allowed.");
    }
}

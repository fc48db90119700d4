using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

public sealed class ByteTransformerTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Defaults_have_the_published_size_and_keys()
    {
        using var body = new ByteTransformer(new ByteTransformerOptions());
        Assert.Equal(25_357_576, body.ParameterCount);

        var expected = new Dictionary<string, long[]>
        {
            ["norm.weight"] = [512],
            ["norm.bias"] = [512],
            ["head.weight"] = [258, 512],
            ["head.bias"] = [258],
        };
        for (int i = 0; i < 6; i++)
        {
            foreach (string norm in (string[])[$"self_blocks.{i}.norm1", $"self_blocks.{i}.norm2", $"mem_blocks.{i}.norm"]) Map(norm, 512);
            foreach (string block in (string[])[$"self_blocks.{i}", $"mem_blocks.{i}"])
            {
                Map($"{block}.qkv", 1536, 512);
                Map($"{block}.proj", 512, 512);
            }

            Map($"self_blocks.{i}.ff.0", 2048, 512);
            Map($"self_blocks.{i}.ff.3", 512, 2048);
            expected[$"mem_blocks.{i}.gate"] = [1];
        }

        Dictionary<string, Tensor> state = body.state_dict();
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), state.Keys.Order(StringComparer.Ordinal));
        foreach ((string key, long[] shape) in expected) Assert.Equal(shape, state[key].shape);
        for (int i = 0; i < 6; i++) Assert.Equal(0f, state[$"mem_blocks.{i}.gate"].item<float>());

        void Map(string name, params long[] shape)
        {
            expected[$"{name}.weight"] = shape;
            expected[$"{name}.bias"] = [shape[0]];
        }
    }

    [Fact]
    public void Without_memory_it_has_no_memory_keys()
    {
        using var body = new ByteTransformer(GoldenBody.Options with { FastWeightMemory = false });
        Assert.DoesNotContain(body.state_dict().Keys, key => key.StartsWith("mem_blocks", StringComparison.Ordinal));
        Assert.Equal(new long[] { 2, 5, ByteIds.Count }, body.forward(randn(2, 3, 64), randn(2, 5, 64)).shape);
    }

    [Fact]
    public void A_closed_gate_is_no_memory_at_all()
    {
        using var with = new ByteTransformer(GoldenBody.Options);
        using var without = new ByteTransformer(GoldenBody.Options with { FastWeightMemory = false });
        Dictionary<string, Tensor> source = with.state_dict();
        using (no_grad())
        {
            foreach ((string key, Tensor target) in without.state_dict()) target.copy_(source[key]);
        }

        Tensor slots = randn(2, 3, 64), stream = randn(2, 5, 64);
        Assert.True(without.forward(slots, stream).allclose(with.forward(slots, stream), rtol: 0, atol: 1e-6));
    }

    [Fact]
    public void Slots_and_stream_may_be_empty()
    {
        using var body = new ByteTransformer(GoldenBody.Options);
        Assert.Equal(new long[] { 2, 5, ByteIds.Count }, body.forward(randn(2, 0, 64), randn(2, 5, 64)).shape);
        Assert.Equal(new long[] { 2, 0, ByteIds.Count }, body.forward(randn(2, 3, 64), randn(2, 0, 64)).shape);
        Assert.Equal(new long[] { 2, 0, ByteIds.Count }, body.forward(randn(2, 0, 64), randn(2, 0, 64)).shape);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var body = new ByteTransformer(GoldenBody.Options);
        Refused(randn(2, 3, 63), randn(2, 5, 64), "slots", "64", "[2, 3, 63]");
        Refused(randn(2, 3, 64), randn(2, 5, 65), "stream", "64", "[2, 5, 65]");
        Refused(randn(3, 64), randn(2, 5, 64), "slots", "64", "[3, 64]");
        Refused(randn(2, 3, 64), randn(1, 2, 5, 64), "stream", "[1, 2, 5, 64]");
        Refused(randn(2, 3, 64), randn(3, 5, 64), "2", "3");
        Refused(randn(2, 0, 64), randn(3, 5, 64), "2", "3");
        Assert.Throws<ArgumentNullException>(() => body.forward(null!, randn(2, 5, 64)));
        Assert.Throws<ArgumentNullException>(() => body.forward(randn(2, 5, 64), null!));

        void Refused(Tensor slots, Tensor stream, params string[] parts)
        {
            ArgumentException error = Assert.Throws<ArgumentException>(() => body.forward(slots, stream));
            foreach (string part in parts) Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Inputs_are_left_alone()
    {
        using var body = new ByteTransformer(GoldenBody.Options);
        Tensor slots = randn(2, 3, 64), stream = randn(2, 5, 64);
        Tensor slotsBefore = slots.clone(), streamBefore = stream.clone();
        body.forward(slots, stream);
        Assert.True(slots.eq(slotsBefore).all().item<bool>());
        Assert.True(stream.eq(streamBefore).all().item<bool>());
    }

    [Fact]
    public void A_longer_sequence_than_the_first_tables()
    {
        using var body = new ByteTransformer(GoldenBody.Options);
        body.eval();
        using IDisposable guard = no_grad();
        Tensor stream = randn(1, 1500, 64);
        Tensor longer = body.forward(randn(1, 0, 64), stream);
        Tensor shorter = body.forward(randn(1, 0, 64), stream.narrow(1, 0, 200));
        Assert.True(longer.narrow(1, 0, 200).allclose(shorter, rtol: 1e-4, atol: 1e-4));
    }

    [Fact]
    public void Many_threads_at_once_on_a_fresh_body()
    {
        for (int round = 0; round < 5; round++)
        {
            using ByteLanguageModel model = GoldenBody.RandomModel();
            Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
            {
                using DisposeScope scope = NewDisposeScope();
                using IDisposable guard = no_grad();
                // Some lengths exceed the first position tables, so that the tables grow while other threads read them.
                int length = i % 4 == 0 ? 1100 + i : 20 + i;
                Tensor ids = Doors.DoorTensors.Ids(Doors.DoorTensors.RandomBytes(length, i), ScalarType.Byte, 1, length);
                Tensor first = model.forward(ids, ids);
                Assert.True(first.eq(model.forward(ids, ids)).all().item<bool>());
            });
        }
    }

    [Fact]
    public void A_forward_in_inference_mode_does_not_spoil_training()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel();
        Tensor ids = ones(1, 8, dtype: ScalarType.Int64);
        using (inference_mode()) model.forward(ids, ids).Dispose();
        Assert.Null(Record.Exception(() => model.forward(ids, ids).sum().backward()));
        Assert.NotNull(model.get_parameter("body.head.weight")!.grad);
    }

    [Fact]
    public void Dispose_frees_every_tensor()
    {
        new ByteTransformer(GoldenBody.Options).Dispose();
        long before = Doors.DoorTensors.LiveTensors;
        var body = new ByteTransformer(GoldenBody.Options);
        using (NewDisposeScope()) body.forward(randn(1, 2, 64), randn(1, 2, 64));
        body.SeedDropout(1, CPU);
        body.Dispose();
        Assert.Equal(before, Doors.DoorTensors.LiveTensors);
    }

    [Fact]
    public void Lives_beyond_the_scope_it_was_made_or_moved_in()
    {
        ByteTransformer body;
        using (NewDisposeScope()) body = new ByteTransformer(GoldenBody.Options);
        using (NewDisposeScope()) body.forward(randn(1, 2, 64), randn(1, 2, 64));
        using (NewDisposeScope()) body.to(ScalarType.BFloat16);
        using (NewDisposeScope()) body.to(ScalarType.Float32);
        Assert.Equal(new long[] { 1, 2, ByteIds.Count }, body.forward(randn(1, 2, 64), randn(1, 2, 64)).shape);
        body.Dispose();
    }
}

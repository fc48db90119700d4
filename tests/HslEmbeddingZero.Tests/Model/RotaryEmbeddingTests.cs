using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

public sealed class RotaryEmbeddingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Rotation_equals_that_by_hand()
    {
        // Columns (0, 2) turn by the position, columns (1, 3) by a hundredth of it: 10000^(-2/4).
        using var rotary = new RotaryEmbedding(4, 10000);
        Tensor x = tensor(new double[] { 1, 2, 3, 4 }).expand(1, 3, 1, 1, 4);
        double[] turned = [.. rotary.Rotate(x, 0).data<double>()];
        for (int position = 0; position < 3; position++)
        {
            (double sine, double cosine) = Math.SinCos(position);
            (double slowSine, double slowCosine) = Math.SinCos(position * 0.01);
            double[] expected = [cosine - 3 * sine, 2 * slowCosine - 4 * slowSine, 3 * cosine + sine, 4 * slowCosine + 2 * slowSine];
            for (int c = 0; c < 4; c++) Assert.Equal(expected[c], turned[position * 4 + c], 1e-12);
        }
    }

    [Fact]
    public void Scores_depend_on_the_distance_alone()
    {
        using var rotary = new RotaryEmbedding(16, 10000);
        Tensor query = randn([1, 1, 1, 1, 16], dtype: ScalarType.Float64), key = randn([1, 1, 1, 1, 16], dtype: ScalarType.Float64);
        foreach (int distance in new[] { 0, 1, 7, 100 })
        {
            double first = Score(distance, 0);
            foreach (int start in new[] { 1, 5, 333, 2000 }) Assert.Equal(first, Score(start + distance, start), 1e-10);
        }

        Assert.NotEqual(Score(1, 0), Score(2, 0), 1e-6);

        double Score(int queryAt, int keyAt) => (rotary.Rotate(query, queryAt) * rotary.Rotate(key, keyAt)).sum().item<double>();
    }

    [Fact]
    public void Turning_keeps_the_length()
    {
        using var rotary = new RotaryEmbedding(8, 10000);
        Tensor x = randn([2, 50, 2, 3, 8], dtype: ScalarType.Float64);
        Assert.True(rotary.Rotate(x, 3).norm(dim: -1).allclose(x.norm(dim: -1), rtol: 1e-12, atol: 0));
    }

    [Fact]
    public void Starting_later_is_a_later_piece_of_the_same()
    {
        using var rotary = new RotaryEmbedding(8, 10000);
        Tensor x = randn([2, 1200, 1, 3, 8]);
        Tensor whole = rotary.Rotate(x, 0);
        foreach (long start in new[] { 0L, 1, 500, 1023, 1024, 1199 })
            Assert.True(rotary.Rotate(x.narrow(1, start, 1200 - start), start).eq(whole.narrow(1, start, 1200 - start)).all().item<bool>());
    }

    [Fact]
    public void Follows_the_type_of_its_input()
    {
        using var rotary = new RotaryEmbedding(8, 10000);
        foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16, ScalarType.Float32 })
        {
            Tensor x = ones([1, 4, 1, 1, 8], dtype: dtype);
            Tensor turned = rotary.Rotate(x, 0);
            Assert.Equal(dtype, turned.dtype);
            double tolerance = dtype switch { ScalarType.Float64 => 1e-12, ScalarType.Float32 => 1e-6, _ => 0.01 };
            Assert.Equal(Math.Cos(1) - Math.Sin(1), turned[0, 1, 0, 0, 0].to(ScalarType.Float64).item<double>(), tolerance);
        }
    }

    [Fact]
    public void Leaves_no_tensors_behind()
    {
        using var rotary = new RotaryEmbedding(8, 10000);
        Tensor x = ones([1, 4, 1, 1, 8]);
        rotary.Rotate(x, 0).Dispose();
        long before = Doors.DoorTensors.LiveTensors;
        for (int i = 0; i < 20; i++) rotary.Rotate(x, i * 300).Dispose();
        Assert.Equal(before, Doors.DoorTensors.LiveTensors);
    }
}

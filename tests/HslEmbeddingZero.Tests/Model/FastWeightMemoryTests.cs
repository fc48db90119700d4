using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

public sealed class FastWeightMemoryTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<int, int> LengthsAndChunks
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int length in (int[])[1, 2, 5, 16, 33, 100])
            {
                foreach (int chunk in (int[])[1, 4, 16, 128]) data.Add(length, chunk);
            }

            // Several segments. The last one is whole, one chunk, or part of a chunk.
            data.Add(2048, 64);
            data.Add(2112, 64);
            data.Add(2057, 48);

            return data;
        }
    }

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(LengthsAndChunks))]
    public void Chunks_equal_the_quadratic_form(int length, int chunk)
    {
        foreach ((ScalarType dtype, double tolerance) in new[] { (ScalarType.Float64, 1e-12), (ScalarType.Float32, 1e-5) })
        {
            (Tensor q, Tensor k, Tensor v) = Draw(length, dtype);
            Tensor read = Read(q, k, v, chunk);
            Assert.Equal(new long[] { 2, 3, length, 6 }, read.shape);
            Assert.Equal(dtype, read.dtype);
            Close(Quadratic(q, k, v), read, tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(LengthsAndChunks))]
    public void Chunks_equal_the_recurrence(int length, int chunk)
    {
        (Tensor q, Tensor k, Tensor v) = Draw(length, ScalarType.Float64);
        Close(tensor(Recurrence(q, k, v), q.shape), Read(q, k, v, chunk), 1e-12);
    }

    [Theory]
    [InlineData(33, 8)]
    [InlineData(32, 8)]
    [InlineData(5, 8)]
    [InlineData(1100, 64)]
    public void Gradients_equal_those_of_the_quadratic_form(int length, int chunk)
    {
        (Tensor q, Tensor k, Tensor v) = Draw(length, ScalarType.Float64);
        Tensor weights = randn(2, 3, length, 6, dtype: ScalarType.Float64);
        Tensor[] ours = Gradients((a, b, c) => Read(a, b, c, chunk));
        Tensor[] expected = Gradients(Quadratic);
        for (int i = 0; i < 3; i++) Close(expected[i], ours[i], 1e-11);

        Tensor[] Gradients(Func<Tensor, Tensor, Tensor, Tensor> read)
        {
            Tensor[] leaves = [.. new[] { q, k, v }.Select(t => t.clone().requires_grad_())];
            (read(leaves[0], leaves[1], leaves[2]) * weights).sum().backward();
            return [.. leaves.Select(t => t.grad!)];
        }
    }

    [Fact]
    public void No_positions_give_no_positions() =>
        Assert.Equal(new long[] { 2, 3, 0, 6 }, Read(zeros(2, 3, 0, 6), zeros(2, 3, 0, 6), zeros(2, 3, 0, 6), 16).shape);

    [Fact]
    public void Later_positions_do_not_reach_earlier_ones()
    {
        (Tensor q, Tensor k, Tensor v) = Draw(40, ScalarType.Float64);
        Tensor before = Read(q, k, v, 16);
        k.narrow(2, 25, 15).add_(3);
        v.narrow(2, 25, 15).mul_(-2);
        Tensor after = Read(q, k, v, 16);
        Close(before.narrow(2, 0, 25), after.narrow(2, 0, 25), 1e-14);
        Assert.False(before.narrow(2, 25, 15).allclose(after.narrow(2, 25, 15)));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 2000)]
    [InlineData(ScalarType.Float16, 3000)]
    public void Narrow_types_are_summed_wider(ScalarType dtype, int length)
    {
        // A running sum of ones stops at 256 in bfloat16, at 2,048 in float16; the mean of equal values must stay that value.
        Tensor ones = torch.ones([1, 1, length, 4], dtype: dtype);
        Tensor read = Read(ones, ones, ones * 3, 16).to(ScalarType.Float32);
        Assert.Equal(dtype, Read(ones, ones, ones, 16).dtype);
        Close(full_like(read, 3), read, 0.05);
    }

    /// <summary>
    /// One chunk, as on a GPU, gives the same result as chunks of 64, as on a CPU, at the lengths of the three kinds of samples.
    /// </summary>
    [Theory]
    [InlineData(320, ScalarType.Float32, 1e-5)]
    [InlineData(607, ScalarType.Float32, 1e-5)]
    [InlineData(90, ScalarType.Float32, 1e-5)]
    [InlineData(320, ScalarType.BFloat16, 0.03)]
    [InlineData(607, ScalarType.BFloat16, 0.03)]
    [InlineData(90, ScalarType.BFloat16, 0.03)]
    public void One_chunk_gives_the_outputs_and_gradients_of_many(int length, ScalarType dtype, double tolerance)
    {
        int whole = FastWeightMemory.ChunkFor(64, length, isAccelerator: true);
        Assert.True(whole >= length);
        (Tensor q, Tensor k, Tensor v) = Draw(length, dtype);
        Tensor weights = randn(v.shape, dtype: dtype);
        (Tensor Output, Tensor[] Gradients) many = Pass(64), one = Pass(whole);
        Near(many.Output, one.Output);
        for (int i = 0; i < 3; i++) Near(many.Gradients[i], one.Gradients[i]);

        (Tensor, Tensor[]) Pass(int chunk)
        {
            Tensor[] leaves = [.. new[] { q, k, v }.Select(t => t.clone().requires_grad_())];
            Tensor output = Read(leaves[0], leaves[1], leaves[2], chunk);
            (output * weights).sum().backward();
            return (output.detach(), [.. leaves.Select(t => t.grad!)]);
        }

        // Relative to the largest value: gradients of the first positions are large, as few positions share them.
        void Near(Tensor expected, Tensor actual) =>
            Assert.InRange((expected - actual).abs().max().to(ScalarType.Float64).item<double>(), 0,
                tolerance * expected.abs().max().to(ScalarType.Float64).item<double>());
    }

    [Theory]
    [InlineData(320, true, 320)]
    [InlineData(1024, true, 1024)]
    [InlineData(40, true, 64)]
    [InlineData(1025, true, 64)]
    [InlineData(320, false, 64)]
    public void An_accelerator_takes_a_sequence_of_up_to_1024_positions_as_one_chunk(long length, bool isAccelerator, int expected) =>
        Assert.Equal(expected, FastWeightMemory.ChunkFor(64, length, isAccelerator));

    [Fact]
    public void Positive_is_elu_plus_one()
    {
        Tensor x = tensor(new double[] { -3, -0.5, 0, 0.5, 4 });
        Close(tensor(new[] { Math.Exp(-3), Math.Exp(-0.5), 1, 1.5, 5 }), FastWeightMemory.Positive(x), 1e-15);
        Assert.Equal(-3.0, x[0].item<double>());
    }

    /// <summary>The output of the memory from queries and keys before φ.</summary>
    private static Tensor Read(Tensor queries, Tensor keys, Tensor values, int chunk) =>
        FastWeightMemory.Forward(FastWeightMemory.Positive(queries), FastWeightMemory.Positive(keys), values, chunk);

    private static (Tensor Queries, Tensor Keys, Tensor Values) Draw(int length, ScalarType dtype)
    {
        var generator = new Generator((ulong)length);
        Tensor all = randn([3, 2, 3, length, 6], dtype: ScalarType.Float64, generator: generator).to(dtype);
        return (all[0].clone(), all[1].clone(), all[2].clone());
    }

    private static Tensor Quadratic(Tensor q, Tensor k, Tensor v)
    {
        Tensor weights = (nn.functional.elu(q, 1) + 1).matmul((nn.functional.elu(k, 1) + 1).transpose(-2, -1)).tril();
        return weights.matmul(v) / (weights.sum(-1, keepdim: true) + 1e-6);
    }

    private static double[] Recurrence(Tensor q, Tensor k, Tensor v)
    {
        double[] queries = [.. q.data<double>()], keys = [.. k.data<double>()], values = [.. v.data<double>()];
        long length = q.shape[2];
        double[] read = new double[queries.Length];
        for (int sequence = 0; sequence < 6; sequence++)
        {
            double[,] state = new double[6, 6];
            double[] keySum = new double[6];
            for (int t = 0; t < length; t++)
            {
                long at = (sequence * length + t) * 6;
                for (int i = 0; i < 6; i++)
                {
                    keySum[i] += Phi(keys[at + i]);
                    for (int j = 0; j < 6; j++) state[i, j] += Phi(keys[at + i]) * values[at + j];
                }

                double denominator = 1e-6;
                for (int i = 0; i < 6; i++) denominator += Phi(queries[at + i]) * keySum[i];
                for (int j = 0; j < 6; j++)
                {
                    for (int i = 0; i < 6; i++) read[at + j] += Phi(queries[at + i]) * state[i, j] / denominator;
                }
            }
        }

        return read;

        static double Phi(double x) => x > 0 ? x + 1 : Math.Exp(x);
    }

    private static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        double distance = (expected.to(ScalarType.Float64) - actual.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.True(distance <= tolerance, $"The largest difference is {distance}; {tolerance} is allowed.");
    }
}

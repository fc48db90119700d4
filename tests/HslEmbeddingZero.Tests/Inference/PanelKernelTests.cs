using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Inference;

/// <summary>The kernels of the decoder: right, and the same bits for every vector width.</summary>
public sealed unsafe class PanelKernelTests
{
    private static readonly FeaturePath[] Widths = Enum.GetValues<FeaturePath>();

    public static TheoryData<DecoderPrecision, int, int, int> Products
    {
        get
        {
            TheoryData<DecoderPrecision, int, int, int> cases = [];
            foreach (DecoderPrecision precision in Enum.GetValues<DecoderPrecision>())
                foreach ((int rows, int inputs, int outputs) in new[] { (1, 64, 160), (1, 1, 1), (3, 27, 33), (4, 100, 96), (9, 130, 258) })
                    cases.Add(precision, rows, inputs, outputs);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void A_product_is_right_and_has_the_same_bits_for_every_width(DecoderPrecision precision, int rows, int inputs, int outputs)
    {
        Random random = new(7);
        float[,] weights = new float[outputs, inputs];
        for (int o = 0; o < outputs; o++)
            for (int i = 0; i < inputs; i++) weights[o, i] = (float)((random.NextDouble() - 0.5) * (o + 1));
        float[] bias = Floats(random, outputs);
        float[] x = Floats(random, rows * inputs);
        PanelMatrix matrix = new(outputs, inputs, precision, (row, to) => Row(weights, row, to), bias);

        float[] first = Multiply(matrix, x, rows, FeaturePath.Scalar);
        foreach (FeaturePath width in Widths) Assert.Equal(Bits(first), Bits(Multiply(matrix, x, rows, width)));
        int stride = Panels.Padded(outputs);
        for (int row = 0; row < rows; row++)
        {
            // A row alone gives the same bits as among others.
            Assert.Equal(
                Bits(first.AsSpan(row * stride, outputs).ToArray()),
                Bits(Multiply(matrix, x[(row * inputs)..((row + 1) * inputs)], 1, DecoderPass.Widest).AsSpan(0, outputs).ToArray()));
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias[o], size = Math.Abs(sum), most = 0;
                for (int i = 0; i < inputs; i++) most = Math.Max(most, Math.Abs(weights[o, i]));
                for (int i = 0; i < inputs; i++)
                {
                    double weight = precision switch
                    {
                        DecoderPrecision.Float32 => weights[o, i],
                        DecoderPrecision.BFloat16 => BitConverter.UInt32BitsToSingle((uint)Panels.ToBFloat16(weights[o, i]) << 16),
                        _ => Math.Round(weights[o, i] / (most / 127)) * (most / 127),
                    };
                    sum += weight * x[(row * inputs) + i];
                    size += Math.Abs(weight * x[(row * inputs) + i]);
                }

                Assert.Equal(sum, first[(row * stride) + o], 1e-5 * Math.Max(1, size));
            }
        }
    }

    [Fact]
    public void Rounding_to_bfloat16_is_that_of_torch()
    {
        float[] values =
        [
            0, -0f, 1, -1, 1.00390625f, 1.01171875f, 3.4e38f, float.MaxValue, float.Epsilon, 1e-40f, float.PositiveInfinity,
            float.NegativeInfinity,
            .. Enumerable.Range(0, 1000).Select(i => (float)Math.Sin(i) * MathF.Pow(2, (i % 60) - 30)),
        ];
        using Tensor expected = tensor(values, device: CPU).to(ScalarType.BFloat16).to(ScalarType.Float32);
        Assert.Equal(
            Bits([.. expected.data<float>()]),
            Bits([.. values.Select(value => BitConverter.UInt32BitsToSingle((uint)Panels.ToBFloat16(value) << 16))]));
        float notANumber = BitConverter.UInt32BitsToSingle(0x7F800001); // Cutting its lower half off would make it infinite.
        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)Panels.ToBFloat16(notANumber) << 16)));
    }

    [Fact]
    public void Gelu_is_within_a_millionth_of_torchs_and_has_the_same_bits_for_every_width()
    {
        float[] values = [.. Enumerable.Range(-4000, 8000).Select(i => i / 500f), 100, -100, float.MaxValue, -1e30f, 0, -0f];
        float[] first = Apply(values, FeaturePath.Scalar, new GeluOf());
        foreach (FeaturePath width in Widths) Assert.Equal(Bits(first), Bits(Apply(values, width, new GeluOf())));
        using Tensor expected = nn.functional.gelu(tensor(values, ScalarType.Float64, CPU));
        double[] reference = [.. expected.data<double>()];
        for (int i = 0; i < values.Length; i++) Assert.Equal(reference[i], first[i], 1e-6 * Math.Max(1, Math.Abs(values[i])));
    }

    [Fact]
    public void The_positive_map_is_elu_plus_one()
    {
        float[] values = [.. Enumerable.Range(-400, 800).Select(i => i / 20f), -1e10f, 1e10f];
        float[] first = Apply(values, FeaturePath.Scalar, new PositiveOf());
        foreach (FeaturePath width in Widths) Assert.Equal(Bits(first), Bits(Apply(values, width, new PositiveOf())));
        for (int i = 0; i < values.Length; i++)
        {
            double expected = values[i] > 0 ? values[i] + 1.0 : Math.Exp(values[i]);
            Assert.Equal(expected, first[i], 1e-6 * Math.Max(1, expected));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(777)]
    public void A_softmax_sums_to_one_whatever_the_scores(int count)
    {
        Random random = new(3);
        float[] scores = [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * 400))];
        float[] first = Apply(scores, FeaturePath.Scalar, new SoftmaxOf());
        foreach (FeaturePath width in Widths) Assert.Equal(Bits(first), Bits(Apply(scores, width, new SoftmaxOf())));
        double total = scores.Sum(score => Math.Exp(score - (double)scores.Max()));
        for (int i = 0; i < count; i++) Assert.Equal(Math.Exp(scores[i] - (double)scores.Max()) / total, first[i], 1e-6);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(64)]
    [InlineData(130)]
    public void A_layer_norm_is_torchs(int count)
    {
        Random random = new(4);
        float[] x = [.. Floats(random, count).Select(value => value + 5)];
        float[] first = Apply(x, FeaturePath.Scalar, new LayerNormOf());
        foreach (FeaturePath width in Widths) Assert.Equal(Bits(first), Bits(Apply(x, width, new LayerNormOf())));
        double mean = x.Average(value => (double)value), variance = x.Average(value => Math.Pow(value - mean, 2));
        for (int i = 0; i < count; i++)
            Assert.Equal(((x[i] - mean) / Math.Sqrt(variance + 1e-5) * LayerNormOf.Weight) + LayerNormOf.Bias, first[i], 1e-5);
    }

    [Fact]
    public void A_row_of_zeros_stays_zero_in_int8_and_numbers_that_are_not_finite_are_refused()
    {
        Assert.Equal(0, Int8Row.Scale([0, 0]));
        Assert.Equal(0, Int8Row.Quantize(0, 0));
        Assert.Equal(127, Int8Row.Quantize(5, Int8Row.Scale([5, -3])));
        Assert.Throws<NotFiniteNumberException>(() => Int8Row.Scale([1, float.NaN]));
        Assert.Throws<NotFiniteNumberException>(() => Int8Row.Scale([float.NegativeInfinity]));
    }

    [Fact]
    public void A_team_runs_every_rank_once_and_its_barrier_holds_all()
    {
        WorkerTeam team = new(3);
        int[] before = new int[3], seen = new int[3];
        for (int pass = 1; pass <= 50; pass++)
        {
            int number = pass;
            team.Run(rank =>
            {
                before[rank] = number;
                team.Meet();
                seen[rank] = before.Count(value => value == number);
            });
            Assert.Equal([3, 3, 3], seen);
            if (pass == 25) Thread.Sleep(1500); // The threads have ended, and new ones begin.
        }
    }

    private static void Row(float[,] weights, int row, Span<float> to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = weights[row, i];
    }

    private static float[] Floats(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];

    private static float[] Multiply(PanelMatrix matrix, float[] x, int rows, FeaturePath width)
    {
        int stride = Panels.Padded(matrix.Outputs);
        float[] y = new float[rows * stride];
        fixed (float* from = x)
        fixed (float* to = y)
        {
            switch (width)
            {
                case FeaturePath.Vector512: With<Lanes512, Vector512<float>>(from, to); break;
                case FeaturePath.Vector256: With<Lanes256, Vector256<float>>(from, to); break;
                case FeaturePath.Vector128: With<Lanes128, Vector128<float>>(from, to); break;
                default: With<Lanes1, float>(from, to); break;
            }
        }

        return y;

        void With<T, TVector>(float* from, float* to)
            where T : unmanaged, ILanes<TVector>
            where TVector : unmanaged
            => matrix.Multiply<T, TVector>(from, rows, matrix.Inputs, to, stride, 0, matrix.PanelCount);
    }

    /// <summary>The results of a function of a row, without the padding.</summary>
    private static float[] Apply(float[] x, FeaturePath width, RowFunction function)
    {
        float[] y = new float[Panels.Padded(x.Length)];
        x.CopyTo(y, 0);
        fixed (float* row = y)
        {
            switch (width)
            {
                case FeaturePath.Vector512: function.Apply<Lanes512, Vector512<float>>(row, x.Length); break;
                case FeaturePath.Vector256: function.Apply<Lanes256, Vector256<float>>(row, x.Length); break;
                case FeaturePath.Vector128: function.Apply<Lanes128, Vector128<float>>(row, x.Length); break;
                default: function.Apply<Lanes1, float>(row, x.Length); break;
            }
        }

        return y[..x.Length];
    }

    private abstract class RowFunction
    {
        public abstract void Apply<T, TVector>(float* row, int count) where T : unmanaged, ILanes<TVector> where TVector : unmanaged;
    }

    private sealed class GeluOf : RowFunction
    {
        public override void Apply<T, TVector>(float* row, int count) => RowKernels<T, TVector>.Gelu(row, count);
    }

    private sealed class PositiveOf : RowFunction
    {
        public override void Apply<T, TVector>(float* row, int count) => RowKernels<T, TVector>.Positive(row, count, row);
    }

    private sealed class SoftmaxOf : RowFunction
    {
        public override void Apply<T, TVector>(float* row, int count) => RowKernels<T, TVector>.Softmax(row, count);
    }

    private sealed class LayerNormOf : RowFunction
    {
        public const float Weight = 1.5f, Bias = -0.25f;

        [SkipLocalsInit]
        public override void Apply<T, TVector>(float* row, int count)
        {
            int padded = Panels.Padded(count);
            float* weight = stackalloc float[padded];
            float* bias = stackalloc float[padded];
            new Span<float>(weight, padded).Fill(Weight);
            new Span<float>(bias, padded).Fill(Bias);
            RowKernels<T, TVector>.LayerNorm(row, count, weight, bias, row);
        }
    }
}

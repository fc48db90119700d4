using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>Computes the 27 features without a table: one channel after another, with tensor operations on the ids.</summary>
internal static class ChannelByChannel
{
    /// <summary>[B, L] uint8 to [B, L, 27] float32.</summary>
    public static Tensor Features(Tensor ids)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = ids.to(ScalarType.Int32);
        Tensor gray = values.bitwise_xor(values.bitwise_right_shift(tensor(1, ScalarType.Int32, ids.device)));
        Tensor grayBefore = nn.functional.pad(gray.narrow(1, 0, gray.shape[1] - 1), [1, 0]);
        Tensor[] bits = Bits(values);
        Tensor[] delta = Bits(gray);
        Tensor[] delta2 = Bits(gray.bitwise_xor(grayBefore));
        Tensor[] energy = [.. delta.Zip(delta2, (d, d2) => d + 0.5 * d2)];
        Tensor head = energy.Take(5).Aggregate((a, b) => a + b);
        Tensor tail = energy.Skip(4).Aggregate((a, b) => a + b);
        Tensor tailBefore = nn.functional.pad(tail.narrow(1, 0, tail.shape[1] - 1), [1, 0]);
        Tensor boundary = (head + tailBefore) / 9;
        boundary.narrow(1, 0, 1).copy_(head.narrow(1, 0, 1) / 5);

        List<Tensor> fourier = [];
        for (int k = 0; k <= 4; k++) fourier.Add(Transform(bits, n => Math.Cos(2 * Math.PI * k * n / 8)));
        for (int k = 1; k <= 3; k++) fourier.Add(Transform(bits, n => -Math.Sin(2 * Math.PI * k * n / 8)));
        Tensor angle = values.to(ScalarType.Float32) * (2 * Math.PI / 256);
        return stack([.. delta, .. delta2, boundary, .. fourier, angle.cos(), angle.sin()], -1).MoveToOuterDisposeScope();
    }

    private static Tensor[] Bits(Tensor values) =>
    [
        .. Enumerable.Range(0, 8).Select(bit => values
            .bitwise_right_shift(tensor(7 - bit, ScalarType.Int32, values.device)).bitwise_and(tensor(1, ScalarType.Int32, values.device))
                .to(ScalarType.Float32)),
    ];

    private static Tensor Transform(Tensor[] bits, Func<int, double> weight) =>
        bits.Select((bit, n) => bit * weight(n)).Aggregate((a, b) => a + b);
}

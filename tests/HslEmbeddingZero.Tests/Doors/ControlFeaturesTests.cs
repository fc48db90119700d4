using TorchSharp;
using TorchSharp.Modules;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

public sealed class ControlFeaturesTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<ControlKind> Kinds => [.. Enum.GetValues<ControlKind>()];

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Value_columns_come_from_the_table_and_context_columns_are_the_frozen_ones(ControlKind kind)
    {
        for (int seed = 0; seed < 2; seed++)
        {
            using var features = new ControlFeatures(kind, seed);
            float[] table = kind == ControlKind.Learned
                ? ControlFeatures.LearnedStart(seed)
                : ControlValueTables.Build(kind, seed, FeatureTables.ValueTable); // the golden file has -0.0 where this has 0.0
            int[] ids = [.. Enumerable.Range(0, ByteIds.Count), .. RandomIds(500, seed)];
            float[] frozen = Expected(ids);
            float[] rows = Floats(features.forward(Ids(ids)));
            for (int i = 0; i < ids.Length; i++)
            {
                ReadOnlySpan<float> row = rows.AsSpan(i * HslFeatures.Dimension, HslFeatures.Dimension);
                ReadOnlySpan<float> values = ids[i] < ByteIds.Mask
                    ? table.AsSpan(ids[i] * HslFeatures.ValueDimension, HslFeatures.ValueDimension) : new float[HslFeatures.ValueDimension];
                Assert.Equal(Bits(values[..8]), Bits(row[..8]));
                Assert.Equal(
                    Bits(frozen.AsSpan(i * HslFeatures.Dimension + 8, HslFeatures.ContextDimension)),
                    Bits(row.Slice(8, HslFeatures.ContextDimension)));
                Assert.Equal(Bits(values[8..]), Bits(row[17..]));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Random_reads_the_golden_table(int seed)
    {
        using var features = new ControlFeatures(ControlKind.Random, seed);
        float[] golden = GoldenControlTables.Instance.Arms[seed].Random;
        float[] rows = Floats(features.forward(Ids([.. Enumerable.Range(0, 256)])));
        for (int value = 0; value < 256; value++)
        {
            float[] row = rows[(value * HslFeatures.Dimension)..((value + 1) * HslFeatures.Dimension)];
            float[] read = [.. row[..8], .. row[17..]];
            Assert.Equal(Bits(golden.AsSpan(value * HslFeatures.ValueDimension, HslFeatures.ValueDimension)), Bits(read));
        }
    }

    [Fact]
    public void Hsl_is_the_frozen_features()
    {
        using var features = new ControlFeatures(ControlKind.Hsl, 5);
        byte[] bytes = RandomBytes(300, 1);
        Assert.Equal(Bits(HslFeatures.Encode(bytes)), Bits(Floats(features.forward(Ids(bytes, ScalarType.Byte)))));
        Assert.Empty(features.parameters());
    }

    [Fact]
    public void Only_the_learned_kind_has_parameters()
    {
        foreach (ControlKind kind in Enum.GetValues<ControlKind>())
        {
            using var features = new ControlFeatures(kind);
            Assert.Equal(kind, features.Kind);
            Assert.Equal(kind == ControlKind.Learned ? 4608 : 0, features.parameters().Sum(p => p.numel()));
            Assert.Equal(kind == ControlKind.Learned ? ["value_table"] : [], features.state_dict().Keys);
        }
    }

    [Fact]
    public void Gradient_reaches_the_rows_that_were_read()
    {
        using var features = new ControlFeatures(ControlKind.Learned);
        features.forward(Ids([3, 3, ByteIds.Mask, 7, ByteIds.EndOfSequence])).sum().backward();
        Tensor gradient = Assert.Single(features.parameters()).grad!;
        Tensor expected = zeros(256, HslFeatures.ValueDimension);
        expected[3].fill_(2);
        expected[7].fill_(1);
        Assert.True(gradient.allclose(expected));
    }

    [Fact]
    public void A_training_step_changes_what_is_read()
    {
        using var features = new ControlFeatures(ControlKind.Learned);
        using SGD optimizer = optim.SGD(features.parameters(), 0.5);
        Tensor ids = Ids([9]);
        float[] before = Floats(features.forward(ids));
        features.forward(ids).sum().backward();
        optimizer.step();
        float[] after = Floats(features.forward(ids));
        for (int c = 0; c < HslFeatures.Dimension; c++) Assert.Equal(c is >= 8 and < 17 ? before[c] : before[c] - 0.5f, after[c], 1e-6f);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Behind_the_zero_door_and_the_projection(ControlKind kind)
    {
        int[] ids = RandomIds(16, 8);
        using var features = new ControlFeatures(kind, 1);
        float[] rows = Floats(features.forward(Ids(ids)));
        using var zero = new ZeroDoor(new ControlFeatures(kind, 1), 4, 128);
        float[] slots = Floats(zero.forward(Ids(ids)));
        const int used = 4 * HslFeatures.Dimension;
        for (int slot = 0; slot < 4; slot++)
            Assert.Equal(Bits(rows.AsSpan(slot * used, used)), Bits(slots.AsSpan(slot * 128, used)));
        Assert.Equal(Bits(rows), Bits(Floats(zero.Features(Ids(ids)))));

        using var projection = new ProjectionDoor(new ControlFeatures(kind, 1), 4, 128);
        Assert.Equal(Bits(rows), Bits(Floats(projection.Features(Ids(ids)))));
        Assert.Equal(new long[] { 4, 128 }, projection.forward(Ids(ids)).shape);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Any_leading_shape_and_dtype_is_taken(ControlKind kind)
    {
        using var features = new ControlFeatures(kind);
        foreach (long[] shape in new long[][] { [0], [5], [2, 5], [2, 3, 5], [0, 5], [2, 0] })
            Assert.Equal([.. shape, HslFeatures.Dimension], features.forward(zeros(shape, dtype: ScalarType.Int64)).shape);
        Tensor expected = features.forward(Ids(RandomIds(50, 1))).to(ScalarType.BFloat16);
        features.to(ScalarType.BFloat16);
        Tensor rows = features.forward(Ids(RandomIds(50, 1)));
        Assert.Equal(ScalarType.BFloat16, rows.dtype);
        Assert.Equal(Bits(Floats(expected)), Bits(Floats(rows)));
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var features = new ControlFeatures(ControlKind.Permuted);
        Assert.Contains("258", Assert.Throws<ArgumentOutOfRangeException>(() => features.forward(Ids([ByteIds.Count]))).Message,
            StringComparison.Ordinal);
        Assert.Contains("-1", Assert.Throws<ArgumentOutOfRangeException>(() => features.forward(Ids([-1]))).Message,
            StringComparison.Ordinal);
        Assert.Contains("Float32", Assert.Throws<ArgumentException>(() => features.forward(zeros(3))).Message, StringComparison.Ordinal);
        Assert.Contains("rank 0", Assert.Throws<ArgumentException>(() => features.forward(tensor(1))).Message, StringComparison.Ordinal);
        Assert.Contains("-2", Assert.Throws<ArgumentOutOfRangeException>(() => new ControlFeatures(ControlKind.Random, -2)).Message,
            StringComparison.Ordinal);
        Assert.Contains("9", Assert.Throws<ArgumentOutOfRangeException>(() => new ControlFeatures((ControlKind)9)).Message,
            StringComparison.Ordinal);
        foreach (ControlKind kind in new[] { ControlKind.Learned, ControlKind.Random, ControlKind.Permuted })
        {
            ArgumentException error = Assert.Throws<ArgumentException>(() => new ControlFeatures(kind, 0, ChannelScaling.Standardized));
            Assert.Contains("Standardized", error.Message, StringComparison.Ordinal);
            Assert.Contains($"{kind}", error.Message, StringComparison.Ordinal);
        }
    }
}

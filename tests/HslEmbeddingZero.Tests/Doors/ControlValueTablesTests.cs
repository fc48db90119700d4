namespace HslEmbeddingZero.Tests.Doors;

public class ControlValueTablesTests
{
    private const int Columns = HslFeatures.ValueDimension;
    private static readonly float[] Frozen = GoldenControlTables.Instance.ValueLut;

    [Fact]
    public void Hsl_is_the_frozen_table() => Assert.Equal(Frozen, ControlValueTables.Build(ControlKind.Hsl, 7, Frozen));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Random_is_the_golden_table_bit_for_bit(int seed) => Assert.Equal(
        GoldenControlTables.Instance.Arms[seed].Random.Select(BitConverter.SingleToInt32Bits),
        ControlValueTables.Build(ControlKind.Random, seed, Frozen).Select(BitConverter.SingleToInt32Bits));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Permuted_takes_the_rows_in_the_golden_order(int seed)
    {
        float[] table = ControlValueTables.Build(ControlKind.Permuted, seed, Frozen);
        int[] order = GoldenControlTables.Instance.Arms[seed].Permutation;
        for (int row = 0; row < 256; row++)
            Assert.Equal(Frozen.AsSpan(order[row] * Columns, Columns).ToArray(), table.AsSpan(row * Columns, Columns).ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Learned_starts_from_the_golden_values(int seed)
    {
        float[] table = ControlFeatures.LearnedStart(seed);
        float[] expected = GoldenControlTables.Instance.Arms[seed].LearnedInitFirst36;
        Assert.Equal(256 * Columns, table.Length);
        Assert.Equal(36, expected.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], table[i], 1e-6f);
    }

    [Theory]
    [InlineData(ControlKind.Hsl)]
    [InlineData(ControlKind.Learned)]
    [InlineData(ControlKind.Random)]
    [InlineData(ControlKind.Permuted)]
    public void No_two_bytes_share_a_row(ControlKind kind)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            float[] table = kind == ControlKind.Learned
                ? ControlFeatures.LearnedStart(seed)
                : ControlValueTables.Build(kind, seed, Frozen);
            Assert.Equal(256, table.Chunk(Columns).Select(row => string.Join(' ', row)).Distinct().Count());
        }
    }

    [Fact]
    public void Wrong_length_is_named()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => ControlValueTables.Build(ControlKind.Hsl, 0, new float[4607]));
        Assert.Contains("4607", error.Message, StringComparison.Ordinal);
        Assert.Contains("4608", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Negative_seed_and_kinds_without_fixed_values_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ControlValueTables.Build(ControlKind.Random, -1, Frozen));
        Assert.Throws<ArgumentOutOfRangeException>(() => ControlValueTables.Build((ControlKind)9, 0, Frozen));
        Assert.Throws<ArgumentOutOfRangeException>(() => ControlValueTables.Build(ControlKind.Learned, 0, Frozen));
    }
}

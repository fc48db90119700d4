namespace HslEmbeddingZero.Tests.Signal;

public class FeatureTablesTests
{
    [Fact]
    public void Value_table_equals_the_reference_s_frozen_table()
        => FeatureAssert.Same(GoldenFeatures.ReadValueTable(), FeatureTables.ValueTable, HslFeatures.ValueDimension);

    [Fact]
    public void Gray_code_changes_one_bit_per_step_and_is_a_bijection()
    {
        var seen = new HashSet<byte>();
        for (int value = 0; value < 256; value++)
        {
            byte gray = FeatureTables.Gray((byte)value);
            Assert.Equal(value ^ (value >> 1), gray);
            Assert.True(seen.Add(gray));
            Assert.Equal(1, int.PopCount(gray ^ FeatureTables.Gray((byte)(value + 1))));
        }
    }

    [Fact]
    public void Energy_codes_are_twice_the_sums_of_energies()
    {
        for (int previous = -1; previous < 256; previous++)
        {
            int partner = previous < 0 ? 0 : previous ^ (previous >> 1);
            for (int value = 0; value < 256; value++)
            {
                int gray = value ^ (value >> 1);
                double[] energies = [.. Enumerable.Range(0, 8).Select(j => Bit(gray, j) + (0.5 * Bit(gray ^ partner, j)))];
                Assert.Equal(2 * energies[..5].Sum(), FeatureTables.HeadCode(previous, value));
                Assert.Equal(2 * energies[4..].Sum(), FeatureTables.TailCode(previous, value));
            }
        }
    }

    [Fact]
    public void Boundaries_are_means_of_nine_or_five_energies()
    {
        for (int code = 0; code <= 27; code++)
            Assert.Equal((float)(code * 0.5 / 9), FeatureTables.Boundary(code));
        for (int code = 0; code <= 15; code++)
            Assert.Equal((float)(code * 0.5 / 5), FeatureTables.FirstBoundary(code));
        Assert.Equal(1.5f, FeatureTables.Boundary(27));
        Assert.Equal(1.5f, FeatureTables.FirstBoundary(15));
    }

    [Fact]
    public void Fourier_columns_are_the_transform_of_the_bits()
    {
        for (int value = 0; value < 256; value++)
        {
            for (int k = 0; k <= 4; k++)
            {
                double real = Enumerable.Range(0, 8).Sum(j => Bit(value, j) * Math.Cos(Math.Tau * j * k / 8));
                double imaginary = Enumerable.Range(0, 8).Sum(j => -Bit(value, j) * Math.Sin(Math.Tau * j * k / 8));
                Assert.Equal(real, FeatureTables.ValueTable[(value * HslFeatures.ValueDimension) + 8 + k], 6);
                if (k is >= 1 and <= 3)
                    Assert.Equal(imaginary, FeatureTables.ValueTable[(value * HslFeatures.ValueDimension) + 12 + k], 6);
            }
        }
    }

    [Fact]
    public void Phase_is_within_a_few_float_steps_of_the_true_circle()
    {
        for (int value = 0; value < 256; value++)
        {
            Assert.Equal(Math.Cos(Math.Tau * value / 256), FeatureTables.ValueTable[(value * HslFeatures.ValueDimension) + 16], 4e-7);
            Assert.Equal(Math.Sin(Math.Tau * value / 256), FeatureTables.ValueTable[(value * HslFeatures.ValueDimension) + 17], 4e-7);
        }
    }

    [Fact]
    public void Rows_of_the_value_table_are_all_different()
    {
        const int columns = HslFeatures.ValueDimension;
        IEnumerable<string> rows =
            Enumerable.Range(0, 256).Select(value => string.Join(',', FeatureTables.ValueTable.Slice(value * columns, columns).ToArray()));
        Assert.Equal(256, rows.Distinct().Count());
    }

    private static int Bit(int value, int j) => (value >> (7 - j)) & 1;
}

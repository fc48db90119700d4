namespace HslEmbeddingZero;

/// <summary>
/// The 256 × 18 value tables (row = byte; columns Δ 8, Fourier 8, phase 2) of the fixed control kinds. They equal the tables of the
/// original Python package's ablation kit for the same seed.
/// </summary>
internal static class ControlValueTables
{
    private const int Rows = 256;
    private const int Columns = 18;

    /// <summary>Builds the table of one kind.</summary>
    /// <param name="kind">Where the values come from.</param>
    /// <param name="seed">0 or more; <see cref="ControlKind.Hsl"/> does not use it.</param>
    /// <param name="frozen">The frozen table, 256 × 18, row-major.</param>
    /// <returns>A new 256 × 18 table, row-major.</returns>
    /// <exception cref="ArgumentException"><paramref name="frozen"/> does not hold 4,608 values.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The kind has no fixed values, or the seed is negative.</exception>
    public static float[] Build(ControlKind kind, int seed, ReadOnlySpan<float> frozen)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        if (frozen.Length != Rows * Columns)
        {
            throw new ArgumentException(
                $"The frozen table holds {frozen.Length} values; it must hold {Rows} × {Columns} = {Rows * Columns}.", nameof(frozen));
        }

        return kind switch
        {
            ControlKind.Hsl => frozen.ToArray(),
            ControlKind.Random => MomentMatched(seed, frozen),
            ControlKind.Permuted => Permuted(seed, frozen),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This kind of control features has no fixed values."),
        };
    }

    /// <summary>Row v is row permutation[v] of the frozen table.</summary>
    private static float[] Permuted(int seed, ReadOnlySpan<float> frozen)
    {
        int[] order = new NumpyRandomState(seed).Permutation(Rows);
        float[] table = new float[Rows * Columns];
        for (int row = 0; row < Rows; row++)
            frozen.Slice(order[row] * Columns, Columns).CopyTo(table.AsSpan(row * Columns));
        return table;
    }

    /// <summary>
    /// randn(256, 18), each channel shifted and scaled to the mean and population standard deviation of the frozen channel. Every step is
    /// rounded to float32, and sums run row by row, like numpy's sums along the first axis. So the table is equal bit for bit.
    /// </summary>
    private static float[] MomentMatched(int seed, ReadOnlySpan<float> frozen)
    {
        var random = new NumpyRandomState(seed);
        float[] table = new float[Rows * Columns];
        for (int i = 0; i < table.Length; i++) table[i] = (float)random.Gaussian();

        for (int column = 0; column < Columns; column++)
        {
            (float mean, float deviation) = Moments(table, column);
            (float wantedMean, float wantedDeviation) = Moments(frozen, column);
            for (int i = column; i < table.Length; i += Columns)
            {
                float standard = (table[i] - mean) / deviation;
                float scaled = standard * wantedDeviation; // a separate statement, so that it is rounded before the sum
                table[i] = scaled + wantedMean;
            }
        }

        return table;
    }

    private static (float Mean, float Deviation) Moments(ReadOnlySpan<float> table, int column)
    {
        float sum = 0f;
        for (int i = column; i < table.Length; i += Columns) sum += table[i];
        float mean = sum / Rows;

        float squares = 0f;
        for (int i = column; i < table.Length; i += Columns)
        {
            float distance = table[i] - mean;
            float square = distance * distance;
            squares += square;
        }

        return (mean, MathF.Sqrt(squares / Rows));
    }
}

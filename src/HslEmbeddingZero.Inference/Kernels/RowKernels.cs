using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>
/// Functions of one row of floats. Rows have room for a multiple of 32 floats, and what is behind the last column may be overwritten.
/// Sums are kept in 32 lanes, whatever the vector width, and the lanes are added in one fixed order.
/// </summary>
internal static unsafe class RowKernels<T, TVector>
    where T : unmanaged, ILanes<TVector>
    where TVector : unmanaged
{
    private const float NormEpsilon = 1e-5f; // torch's default

    /// <summary>y = (x - mean) / √(variance + 1e-5) · weight + bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LayerNorm(float* x, int count, float* weight, float* bias, float* y)
    {
        float mean = Sum(x, count) / count;
        float variance = SumOfSquares(x, count, mean) / count;
        TVector scale = T.Broadcast(1 / MathF.Sqrt(variance + NormEpsilon)), middle = T.Broadcast(mean);
        for (int c = 0; c < count; c += T.Count)
            T.Store(y + c, T.MultiplyAdd(T.Multiply(T.Subtract(T.Load(x + c), middle), scale), T.Load(weight + c), T.Load(bias + c)));
    }

    /// <summary>Softmax in place. The padding becomes 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* x, int count)
    {
        int padded = Panels.Padded(count);
        for (int c = count; c < padded; c++) x[c] = float.NegativeInfinity;
        TVector most = T.Load(x);
        for (int c = T.Count; c < padded; c += T.Count) most = T.Max(most, T.Load(x + c));
        float* lanes = stackalloc float[Panels.Columns];
        T.Store(lanes, most);
        float highest = lanes[0];
        for (int lane = 1; lane < T.Count; lane++) highest = MathF.Max(highest, lanes[lane]);

        TVector shift = T.Broadcast(highest);
        for (int c = 0; c < padded; c += T.Count) T.Store(x + c, T.Exp(T.Subtract(T.Load(x + c), shift)));
        TVector scale = T.Broadcast(1 / Sum(x, padded));
        for (int c = 0; c < padded; c += T.Count) T.Store(x + c, T.Multiply(T.Load(x + c), scale));
    }

    /// <summary>Exact GELU in place: x/2 · (1 + erf(x/√2)).</summary>
    /// <remarks>
    /// erf is a rational function of degree 11 over 10, fitted on ±3.92 by weighted least squares; its error in float32 is below 4e-7.
    /// Beyond, erf is 1 within 3e-8.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gelu(float* x, int count)
    {
        TVector least = T.Broadcast(-3.92f), limit = T.Broadcast(3.92f), half = T.Broadcast(0.5f), one = T.Broadcast(1);
        TVector root = T.Broadcast(0.70710678f);
        for (int c = 0; c < count; c += T.Count)
        {
            TVector value = T.Load(x + c);
            TVector z = T.Clamp(T.Multiply(value, root), least, limit);
            TVector square = T.Multiply(z, z);
            TVector top = T.MultiplyAdd(T.Broadcast(2.034731323874439e-06f), square, T.Broadcast(0.0002874800411518663f));
            top = T.MultiplyAdd(top, square, T.Broadcast(0.003868353320285678f));
            top = T.MultiplyAdd(top, square, T.Broadcast(0.053060561418533325f));
            top = T.MultiplyAdd(top, square, T.Broadcast(0.19276465475559235f));
            top = T.MultiplyAdd(top, square, T.Broadcast(1.128378987312317f));
            TVector bottom = T.MultiplyAdd(T.Broadcast(3.8070636946940795e-05f), square, T.Broadcast(0.0011881215032190084f));
            bottom = T.MultiplyAdd(bottom, square, T.Broadcast(0.01517234742641449f));
            bottom = T.MultiplyAdd(bottom, square, T.Broadcast(0.11508486419916153f));
            bottom = T.MultiplyAdd(bottom, square, T.Broadcast(0.5041648745536804f));
            bottom = T.MultiplyAdd(bottom, square, one);
            TVector erf = T.Divide(T.Multiply(z, top), bottom);
            T.Store(x + c, T.Multiply(T.Multiply(value, half), T.Add(one, erf)));
        }
    }

    /// <summary>y = elu(x) + 1: x + 1 above 0, eˣ elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Positive(float* x, int count, float* y)
    {
        TVector one = T.Broadcast(1);
        for (int c = 0; c < count; c += T.Count)
        {
            TVector value = T.Load(x + c);
            T.Store(y + c, T.WherePositive(value, T.Add(value, one), T.Exp(value)));
        }
    }

    /// <summary>x += factor · added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* x, float* added, int count, float factor)
    {
        TVector scale = T.Broadcast(factor);
        for (int c = 0; c < count; c += T.Count) T.Store(x + c, T.MultiplyAdd(T.Load(added + c), scale, T.Load(x + c)));
    }

    /// <summary>y = factor · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, int count, float factor, float* y)
    {
        TVector scale = T.Broadcast(factor);
        for (int c = 0; c < count; c += T.Count) T.Store(y + c, T.Multiply(T.Load(x + c), scale));
    }

    /// <summary>
    /// One position of a memory head: state += keyᵀ·value, keySum += key, read = query·state / (query·keySum + ε).
    /// </summary>
    /// <param name="query">width floats, after φ.</param>
    /// <param name="key">width floats, after φ.</param>
    /// <param name="value">width floats, and zeros up to a whole panel.</param>
    /// <param name="width">Columns of a head.</param>
    /// <param name="state">Panels of width rows: row i, column j is Σ key_i · value_j.</param>
    /// <param name="keySum">width floats.</param>
    /// <param name="epsilon">Keeps the divisor above 0.</param>
    /// <param name="read">Receives the columns of whole panels.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MemoryStep(
        float* query, float* key, float* value, int width, float* state, float* keySum, float epsilon, float* read)
    {
        for (int c = 0; c < width; c++) keySum[c] += key[c];
        TVector factor = T.Broadcast(1 / (Dot(query, keySum, width) + epsilon));
        for (int panel = 0; panel < Panels.Count(width); panel++, value += Panels.Columns, read += Panels.Columns)
        {
            for (int lane = 0; lane < Panels.Half; lane += T.Count)
            {
                TVector valueLow = T.Load(value + lane), valueHigh = T.Load(value + Panels.Half + lane);
                TVector low = default, high = default;
                float* row = state + ((nint)panel * width * Panels.Columns) + lane;
                for (int k = 0; k < width; k++, row += Panels.Columns)
                {
                    TVector keyed = T.Broadcast(key[k]), asked = T.Broadcast(query[k]);
                    TVector stateLow = T.MultiplyAdd(keyed, valueLow, T.Load(row));
                    TVector stateHigh = T.MultiplyAdd(keyed, valueHigh, T.Load(row + Panels.Half));
                    T.Store(row, stateLow);
                    T.Store(row + Panels.Half, stateHigh);
                    low = T.MultiplyAdd(asked, stateLow, low);
                    high = T.MultiplyAdd(asked, stateHigh, high);
                }

                T.Store(read + lane, T.Multiply(low, factor));
                T.Store(read + Panels.Half + lane, T.Multiply(high, factor));
            }
        }
    }

    /// <summary>Rotates pairs of columns (j, half + j) of a head by their angles (Su et al. 2021).</summary>
    public static void Rotate(float* head, int half, float* cosine, float* sine)
    {
        for (int j = 0; j < half; j++)
        {
            float first = head[j], second = head[half + j];
            head[j] = (first * cosine[j]) - (second * sine[j]);
            head[half + j] = (second * cosine[j]) + (first * sine[j]);
        }
    }

    private static float Sum(float* x, int count)
    {
        float* lanes = stackalloc float[Panels.Columns];
        int whole = count / Panels.Columns * Panels.Columns;
        for (int lane = 0; lane < Panels.Columns; lane += T.Count)
        {
            TVector sum = default;
            for (int c = lane; c < whole; c += Panels.Columns) sum = T.Add(sum, T.Load(x + c));
            T.Store(lanes + lane, sum);
        }

        for (int c = whole; c < count; c++) lanes[c - whole] += x[c];
        return Total(lanes);
    }

    private static float SumOfSquares(float* x, int count, float mean)
    {
        float* lanes = stackalloc float[Panels.Columns];
        int whole = count / Panels.Columns * Panels.Columns;
        TVector middle = T.Broadcast(mean);
        for (int lane = 0; lane < Panels.Columns; lane += T.Count)
        {
            TVector sum = default;
            for (int c = lane; c < whole; c += Panels.Columns)
            {
                TVector difference = T.Subtract(T.Load(x + c), middle);
                sum = T.MultiplyAdd(difference, difference, sum);
            }

            T.Store(lanes + lane, sum);
        }

        for (int c = whole; c < count; c++)
        {
            float difference = x[c] - mean;
            lanes[c - whole] = float.MultiplyAddEstimate(difference, difference, lanes[c - whole]);
        }

        return Total(lanes);
    }

    private static float Dot(float* x, float* y, int count)
    {
        float* lanes = stackalloc float[Panels.Columns];
        int whole = count / Panels.Columns * Panels.Columns;
        for (int lane = 0; lane < Panels.Columns; lane += T.Count)
        {
            TVector sum = default;
            for (int c = lane; c < whole; c += Panels.Columns) sum = T.MultiplyAdd(T.Load(x + c), T.Load(y + c), sum);
            T.Store(lanes + lane, sum);
        }

        for (int c = whole; c < count; c++) lanes[c - whole] = float.MultiplyAddEstimate(x[c], y[c], lanes[c - whole]);
        return Total(lanes);
    }

    /// <summary>Adds 32 lanes: halves onto halves.</summary>
    private static float Total(float* lanes)
    {
        for (int half = Panels.Half; half > 0; half /= 2)
            for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[half + lane];
        return lanes[0];
    }
}

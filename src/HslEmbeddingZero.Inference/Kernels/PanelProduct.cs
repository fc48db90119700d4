using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>
/// Products of rows with panels: y[r, c] = Σ_k x[r, k] · panels[k, c]. Linear layers, attention scores, the sum of attention values and
/// the reading of the memory are all such products.
/// </summary>
/// <remarks>
/// Every result is one lane of one accumulator, which adds the terms in the order of k. So a result has the same bits for any number of
/// rows, any vector width and any number of threads: a prompt that is read at once and one that is read byte by byte give the same logits.
/// A load of 32 weights serves one row (a byte of one stream: bound by memory) or four (a prompt, several streams: bound by arithmetic).
/// Eight accumulators hide the latency of the multiply-add in both.
/// </remarks>
internal static unsafe class PanelProduct<T, TVector>
    where T : unmanaged, ILanes<TVector>
    where TVector : unmanaged
{
    private const int RowsAtOnce = 4;
    private const int PairsAtOnce = 4;

    /// <summary>Multiplies rows with some panels of a matrix.</summary>
    /// <param name="x">Rows of <paramref name="depth"/> floats.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="xStride">Floats from row to row of x.</param>
    /// <param name="panels">The first panel.</param>
    /// <param name="panelBytes">Bytes from panel to panel: more than depth rows where a panel has room for rows to come.</param>
    /// <param name="count">How many panels.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="scale">A factor for each column; null for 1.</param>
    /// <param name="bias">A summand for each column; null for 0.</param>
    /// <param name="y">Receives 32·count floats a row.</param>
    /// <param name="yStride">Floats from row to row of y.</param>
    public static void Multiply<TLoads>(
        float* x, int rows, int xStride, byte* panels, nint panelBytes, int count, int depth, float* scale, float* bias, float* y,
        int yStride)
        where TLoads : unmanaged, IPanelLoads
    {
        int pairsPerPanel = Panels.Half / T.Count;
        int pairs = count * pairsPerPanel;
        int row = 0;
        if (rows >= RowsAtOnce)
        {
            int together = rows - (rows % RowsAtOnce);
            for (int pair = 0; pair < pairs; pair++) // A panel stays in the cache while all rows pass.
            {
                int panel = pair / pairsPerPanel, lane = pair % pairsPerPanel * T.Count;
                int column = (panel * Panels.Columns) + lane;
                for (row = 0; row < together; row += RowsAtOnce)
                {
                    FourRows<TLoads>(
                        x + ((nint)row * xStride), xStride, panels + (panel * panelBytes), lane, depth, Column(scale, column),
                        Column(bias, column), y + ((nint)row * yStride) + column, yStride);
                }
            }
        }

        for (; row < rows; row++)
            OneRow<TLoads>(x + ((nint)row * xStride), panels, panelBytes, pairs, depth, scale, bias, y + ((nint)row * yStride));
    }

    private static float* Column(float* values, int column) => values is null ? null : values + column;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow<TLoads>(
        float* x, byte* panels, nint panelBytes, int pairs, int depth, float* scale, float* bias, float* y)
        where TLoads : unmanaged, IPanelLoads
    {
        int perPanel = Panels.Half / T.Count;
        int pair = 0;
        for (; pair + PairsAtOnce <= pairs; pair += PairsAtOnce)
        {
            int lane0 = pair % perPanel * T.Count, lane1 = (pair + 1) % perPanel * T.Count;
            int lane2 = (pair + 2) % perPanel * T.Count, lane3 = (pair + 3) % perPanel * T.Count;
            byte* from0 = panels + (pair / perPanel * panelBytes);
            byte* from1 = panels + ((pair + 1) / perPanel * panelBytes);
            byte* from2 = panels + ((pair + 2) / perPanel * panelBytes);
            byte* from3 = panels + ((pair + 3) / perPanel * panelBytes);
            TVector low0 = default, high0 = default, low1 = default, high1 = default;
            TVector low2 = default, high2 = default, low3 = default, high3 = default;
            for (int k = 0; k < depth; k++)
            {
                TVector value = T.Broadcast(x[k]);
                TLoads.Load<T, TVector>(from0, lane0, out TVector low, out TVector high);
                low0 = T.MultiplyAdd(value, low, low0);
                high0 = T.MultiplyAdd(value, high, high0);
                TLoads.Load<T, TVector>(from1, lane1, out low, out high);
                low1 = T.MultiplyAdd(value, low, low1);
                high1 = T.MultiplyAdd(value, high, high1);
                TLoads.Load<T, TVector>(from2, lane2, out low, out high);
                low2 = T.MultiplyAdd(value, low, low2);
                high2 = T.MultiplyAdd(value, high, high2);
                TLoads.Load<T, TVector>(from3, lane3, out low, out high);
                low3 = T.MultiplyAdd(value, low, low3);
                high3 = T.MultiplyAdd(value, high, high3);
                from0 += TLoads.RowBytes;
                from1 += TLoads.RowBytes;
                from2 += TLoads.RowBytes;
                from3 += TLoads.RowBytes;
            }

            Put(low0, high0, (pair / perPanel * Panels.Columns) + lane0, scale, bias, y);
            Put(low1, high1, ((pair + 1) / perPanel * Panels.Columns) + lane1, scale, bias, y);
            Put(low2, high2, ((pair + 2) / perPanel * Panels.Columns) + lane2, scale, bias, y);
            Put(low3, high3, ((pair + 3) / perPanel * Panels.Columns) + lane3, scale, bias, y);
        }

        for (; pair < pairs; pair++)
        {
            int lane = pair % perPanel * T.Count;
            byte* from = panels + (pair / perPanel * panelBytes);
            TVector low = default, high = default;
            for (int k = 0; k < depth; k++, from += TLoads.RowBytes)
            {
                TVector value = T.Broadcast(x[k]);
                TLoads.Load<T, TVector>(from, lane, out TVector weightLow, out TVector weightHigh);
                low = T.MultiplyAdd(value, weightLow, low);
                high = T.MultiplyAdd(value, weightHigh, high);
            }

            Put(low, high, (pair / perPanel * Panels.Columns) + lane, scale, bias, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows<TLoads>(
        float* x, int xStride, byte* panel, int lane, int depth, float* scale, float* bias, float* y, int yStride)
        where TLoads : unmanaged, IPanelLoads
    {
        float* x1 = x + xStride;
        float* x2 = x1 + xStride;
        float* x3 = x2 + xStride;
        TVector low0 = default, high0 = default, low1 = default, high1 = default;
        TVector low2 = default, high2 = default, low3 = default, high3 = default;
        for (int k = 0; k < depth; k++, panel += TLoads.RowBytes)
        {
            TLoads.Load<T, TVector>(panel, lane, out TVector low, out TVector high);
            TVector value = T.Broadcast(x[k]);
            low0 = T.MultiplyAdd(value, low, low0);
            high0 = T.MultiplyAdd(value, high, high0);
            value = T.Broadcast(x1[k]);
            low1 = T.MultiplyAdd(value, low, low1);
            high1 = T.MultiplyAdd(value, high, high1);
            value = T.Broadcast(x2[k]);
            low2 = T.MultiplyAdd(value, low, low2);
            high2 = T.MultiplyAdd(value, high, high2);
            value = T.Broadcast(x3[k]);
            low3 = T.MultiplyAdd(value, low, low3);
            high3 = T.MultiplyAdd(value, high, high3);
        }

        Put(low0, high0, 0, scale, bias, y);
        Put(low1, high1, 0, scale, bias, y + yStride);
        Put(low2, high2, 0, scale, bias, y + (2 * (nint)yStride));
        Put(low3, high3, 0, scale, bias, y + (3 * (nint)yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(TVector low, TVector high, int column, float* scale, float* bias, float* y)
    {
        y += column;
        if (scale is not null)
        {
            low = T.Multiply(low, T.Load(scale + column));
            high = T.Multiply(high, T.Load(scale + column + Panels.Half));
        }

        if (bias is not null)
        {
            low = T.Add(low, T.Load(bias + column));
            high = T.Add(high, T.Load(bias + column + Panels.Half));
        }

        T.Store(y, low);
        T.Store(y + Panels.Half, high);
    }
}

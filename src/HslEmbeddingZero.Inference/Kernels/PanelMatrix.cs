using System.Buffers;
using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>The weights of a linear layer as panels, with its bias: y = W·x + b.</summary>
internal sealed unsafe class PanelMatrix
{
    private const float MostInt8 = 127;

    private readonly AlignedMemory _panels;
    private readonly AlignedMemory? _scale;
    private readonly AlignedMemory? _bias;

    /// <param name="outputs">Rows of W.</param>
    /// <param name="inputs">Columns of W.</param>
    /// <param name="format">How the weights are stored. An int8 row has one scale: its largest magnitude becomes 127.</param>
    /// <param name="readRow">Writes a row of W, <paramref name="inputs"/> floats, into a span.</param>
    /// <param name="bias">The bias, or empty.</param>
    /// <exception cref="NotFiniteNumberException">A weight that int8 cannot hold: NaN or infinite.</exception>
    public PanelMatrix(int outputs, int inputs, DecoderPrecision format, RowReader readRow, ReadOnlySpan<float> bias)
    {
        (Outputs, Inputs, Format) = (outputs, inputs, format);
        PanelCount = Panels.Count(outputs);
        PanelBytes = (nint)inputs * Panels.RowBytes(format);
        _panels = new(PanelCount * PanelBytes);
        if (format == DecoderPrecision.Int8) _scale = AlignedMemory.OfFloats(PanelCount * Panels.Columns);
        if (!bias.IsEmpty)
        {
            _bias = AlignedMemory.OfFloats(PanelCount * Panels.Columns);
            bias.CopyTo(new Span<float>(_bias.Floats, bias.Length));
        }

        float[] row = ArrayPool<float>.Shared.Rent(inputs);
        try
        {
            for (int output = 0; output < outputs; output++)
            {
                Span<float> weights = row.AsSpan(0, inputs);
                readRow(output, weights);
                Pack(weights, output);
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(row);
        }
    }

    /// <summary>Writes a row of a matrix, as floats.</summary>
    public delegate void RowReader(int row, Span<float> weights);

    public int Outputs { get; }

    public int Inputs { get; }

    public DecoderPrecision Format { get; }

    public int PanelCount { get; }

    /// <summary>Bytes of the weights.</summary>
    public long Bytes => _panels.Length;

    private nint PanelBytes { get; }

    /// <summary>Computes the outputs of some panels for some rows of inputs, see <see cref="PanelProduct"/>.</summary>
    public void Multiply<T>(float* x, int rows, int xStride, float* y, int yStride, int firstPanel, int panelCount)
        where T : unmanaged, ILanes<T>
    {
        byte* panels = _panels.Address + (firstPanel * PanelBytes);
        int column = firstPanel * Panels.Columns;
        float* scale = _scale is null ? null : _scale.Floats + column;
        float* bias = _bias is null ? null : _bias.Floats + column;
        y += column;
        switch (Format)
        {
            case DecoderPrecision.Float32:
                PanelProduct.Multiply<T, Float32Panels>(x, rows, xStride, panels, PanelBytes, panelCount, Inputs, scale, bias, y, yStride);
                break;
            case DecoderPrecision.BFloat16:
                PanelProduct.Multiply<T, BFloat16Panels>(x, rows, xStride, panels, PanelBytes, panelCount, Inputs, scale, bias, y, yStride);
                break;
            default:
                PanelProduct.Multiply<T, Int8Panels>(x, rows, xStride, panels, PanelBytes, panelCount, Inputs, scale, bias, y, yStride);
                break;
        }

        GC.KeepAlive(this);
    }

    /// <summary>Stores a row. Optimized at once: a program that generates one text loads millions of weights in its first calls.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(ReadOnlySpan<float> weights, int output)
    {
        byte* panel = _panels.Address + (output / Panels.Columns * PanelBytes);
        int column = output % Panels.Columns;
        switch (Format)
        {
            case DecoderPrecision.Float32:
                float* floats = (float*)panel + column;
                for (int k = 0; k < weights.Length; k++) floats[k * Panels.Columns] = weights[k];
                break;
            case DecoderPrecision.BFloat16:
                ushort* halves = (ushort*)panel + Panels.BFloat16Place(column);
                for (int k = 0; k < weights.Length; k++) halves[k * Panels.Columns] = Panels.ToBFloat16(weights[k]);
                break;
            default:
                float most = 0;
                foreach (float weight in weights)
                {
                    if (!float.IsFinite(weight)) throw new NotFiniteNumberException($"A weight is {weight}; int8 cannot hold it.", weight);
                    most = MathF.Max(most, MathF.Abs(weight));
                }

                float scale = most / MostInt8;
                _scale!.Floats[output] = scale;
                sbyte* bytes = (sbyte*)panel + column;
                for (int k = 0; k < weights.Length; k++)
                    bytes[k * Panels.Columns] = scale == 0 ? (sbyte)0 : (sbyte)MathF.Round(weights[k] / scale);
                break;
        }
    }
}

using System.Buffers;
using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>The weights of a linear layer as panels, with its bias: y = W·x + b.</summary>
internal sealed unsafe class PanelMatrix
{
    private readonly AlignedMemory _panels;
    private readonly AlignedMemory? _scale;
    private readonly AlignedMemory? _bias;

    /// <param name="outputs">Rows of W.</param>
    /// <param name="inputs">Columns of W.</param>
    /// <param name="format">How the weights are stored. An int8 row has one scale: its largest magnitude becomes 127.</param>
    /// <param name="readRow">Writes a row of W, <paramref name="inputs"/> floats, into a span.</param>
    /// <param name="bias">The bias, or empty.</param>
    /// <param name="scales">The scales of int8 rows, if the weights were int8 before; else empty.</param>
    /// <exception cref="NotFiniteNumberException">A weight that int8 cannot hold: NaN or infinite.</exception>
    public PanelMatrix(
        int outputs, int inputs, DecoderPrecision format, RowReader readRow, ReadOnlySpan<float> bias, ReadOnlySpan<float> scales = default)
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
                if (_scale is not null) _scale.Floats[output] = scales.IsEmpty ? Int8Row.Scale(weights) : scales[output];
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

    /// <summary>Computes the outputs of some panels for some rows of inputs, see <see cref="PanelProduct{T, TVector}"/>.</summary>
    public void Multiply<T, TVector>(float* x, int rows, int xStride, float* y, int yStride, int firstPanel, int panelCount)
        where T : unmanaged, ILanes<TVector>
        where TVector : unmanaged
    {
        byte* panels = _panels.Address + (firstPanel * PanelBytes);
        int column = firstPanel * Panels.Columns;
        float* scale = _scale is null ? null : _scale.Floats + column;
        float* bias = _bias is null ? null : _bias.Floats + column;
        y += column;
        switch (Format)
        {
            case DecoderPrecision.Float32: With<Float32Panels>(); break;
            case DecoderPrecision.BFloat16: With<BFloat16Panels>(); break;
            default: With<Int8Panels>(); break;
        }

        GC.KeepAlive(this);

        void With<TLoads>() where TLoads : unmanaged, IPanelLoads => PanelProduct<T, TVector>.Multiply<TLoads>(
            x, rows, xStride, panels, PanelBytes, panelCount, Inputs, scale, bias, y, yStride);
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
                float scale = _scale!.Floats[output];
                sbyte* bytes = (sbyte*)panel + column;
                for (int k = 0; k < weights.Length; k++) bytes[k * Panels.Columns] = Int8Row.Quantize(weights[k], scale);
                break;
        }
    }
}

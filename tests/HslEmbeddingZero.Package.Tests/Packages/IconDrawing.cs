using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace HslEmbeddingZero.Package.Tests.Packages;

/// <summary>
/// The icon of the packages: the output of the zero door for a byte. Six by six cells show the 27 channels of the last byte of "zero", in
/// the colour of their group and with the brightness of their value. The nine empty cells after them are the zero padding.
/// </summary>
internal static class IconDrawing
{
    public const int Size = 128;

    private const int Side = 6;
    private const double Cell = 16;
    private const double Step = 18;
    private const double Margin = (Size - (Side - 1) * Step - Cell) / 2;
    private const int Samples = 4; // per pixel in each direction, for smooth corners
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];
    private static readonly Color Ground = new(0.055, 0.078, 0.145);

    /// <summary>The scanlines of a PNG. Each has a filter byte 0, then red, green, blue and opacity of each pixel.</summary>
    public static byte[] Scanlines()
    {
        float[] channels = [.. HslFeatures.Encode("zero"u8).AsSpan(3 * HslFeatures.Dimension)];
        byte[] lines = new byte[Size * (1 + 4 * Size)];
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                double red = 0, green = 0, blue = 0, covered = 0;
                for (int sample = 0; sample < Samples * Samples; sample++)
                {
                    double px = x + (sample % Samples + 0.5) / Samples, py = y + (sample / Samples + 0.5) / Samples;
                    if (ColorAt(px, py, channels) is not { } color) continue;
                    red += color.Red;
                    green += color.Green;
                    blue += color.Blue;
                    covered++;
                }

                Span<byte> pixel = lines.AsSpan(y * (1 + 4 * Size) + 1 + 4 * x, 4);
                if (covered == 0) continue;
                pixel[0] = ToByte(red / covered);
                pixel[1] = ToByte(green / covered);
                pixel[2] = ToByte(blue / covered);
                pixel[3] = ToByte(covered / (Samples * Samples));
            }
        }

        return lines;
    }

    public static byte[] ToPng(byte[] scanlines)
    {
        using MemoryStream file = new();
        file.Write(Signature);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Size);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Size);
        header[8] = 8; // bits per channel
        header[9] = 6; // red, green, blue, opacity
        WriteChunk(file, "IHDR", header);
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.SmallestSize, leaveOpen: true)) zlib.Write(scanlines);
        WriteChunk(file, "IDAT", packed.ToArray());
        WriteChunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>
    /// The scanlines of a file that <see cref="ToPng"/> wrote. Comparing them does not depend on the compression.
    /// </summary>
    public static byte[] FromPng(byte[] png)
    {
        Assert.Equal(Signature, png[..8]);
        using MemoryStream packed = new();
        for (int at = 8; at < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            if (Encoding.ASCII.GetString(png, at + 4, 4) == "IDAT") packed.Write(png, at + 8, length);
            at += length + 12;
        }

        packed.Position = 0;
        using ZLibStream zlib = new(packed, CompressionMode.Decompress);
        using MemoryStream lines = new();
        zlib.CopyTo(lines);
        return lines.ToArray();
    }

    private static Color? ColorAt(double x, double y, float[] channels)
    {
        if (!InRoundedSquare(x, y, 0, 0, Size, 26)) return null;
        int column = (int)Math.Floor((x - Margin) / Step), row = (int)Math.Floor((y - Margin) / Step);
        if (column is < 0 or >= Side || row is < 0 or >= Side) return Ground;
        double left = Margin + column * Step, top = Margin + row * Step;
        if (!InRoundedSquare(x, y, left, top, Cell, 4)) return Ground;
        int channel = row * Side + column;
        if (channel < HslFeatures.Dimension) return Ground.Toward(HueOf(channel), 0.28 + 0.72 * Brightness(channel, channels[channel]));
        bool isRim = !InRoundedSquare(x, y, left + 1.5, top + 1.5, Cell - 3, 2.5);
        return isRim ? Ground.Toward(new(0.62, 0.68, 0.8), 0.45) : Ground;
    }

    private static bool InRoundedSquare(double x, double y, double left, double top, double side, double radius)
    {
        double dx = Math.Max(Math.Abs(x - left - side / 2) - (side / 2 - radius), 0);
        double dy = Math.Max(Math.Abs(y - top - side / 2) - (side / 2 - radius), 0);
        return dx * dx + dy * dy <= radius * radius;
    }

    private static Color HueOf(int channel) => channel switch
    {
        < 8 => new(0.20, 0.83, 0.94), // Δ
        < 16 => new(0.51, 0.55, 1.00), // Δ²
        16 => new(1.00, 0.85, 0.35), // boundary
        < 25 => new(1.00, 0.48, 0.55), // Fourier
        _ => new(0.42, 0.90, 0.60), // phase
    };

    /// <summary>0 to 1: the magnitude of the value within the range of its channel.</summary>
    private static double Brightness(int channel, float value) => Math.Abs(value) / channel switch
    {
        16 => 1.5,
        17 => 8,
        < 17 or >= 25 => 1,
        _ => 4,
    };

    private static byte ToByte(double value) => (byte)Math.Round(255 * value);

    private static void WriteChunk(MemoryStream file, string type, byte[] data)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. data];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(named);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32(named));
        file.Write(number);
    }

    /// <summary>The checksum of a PNG's chunks, bit by bit.</summary>
    private static uint Crc32(byte[] bytes)
    {
        uint remainder = uint.MaxValue;
        foreach (byte value in bytes)
        {
            remainder ^= value;
            for (int bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ (0xEDB88320 * (remainder & 1));
        }

        return ~remainder;
    }

    private readonly record struct Color(double Red, double Green, double Blue)
    {
        public Color Toward(Color other, double share) => new(
            Red + share * (other.Red - Red), Green + share * (other.Green - Green), Blue + share * (other.Blue - Blue));
    }
}

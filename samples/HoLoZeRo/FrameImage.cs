using SkiaSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Writes a frame of 16×16 gray pixels as a PNG. Each pixel becomes a square of 16×16.</summary>
internal static class FrameImage
{
    private const int Side = 16;
    private const int SquareSide = 16;

    public static void Save(string path, ReadOnlySpan<byte> frame)
    {
        using SKBitmap bitmap = new(Side * SquareSide, Side * SquareSide, SKColorType.Gray8, SKAlphaType.Opaque);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int y = 0; y < bitmap.Height; y++)
        {
            for (int x = 0; x < bitmap.Width; x++) pixels[y * bitmap.RowBytes + x] = frame[y / SquareSide * Side + x / SquareSide];
        }

        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        byte[] file = png.ToArray();
        AtomicFile.Write(path, temporary => File.WriteAllBytes(temporary, file));
    }
}

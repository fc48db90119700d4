using HslEmbeddingZero.Training;
using SkiaSharp;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A picture of frames, sampled evenly from a window file, in order. The stripe below a frame marks its film.</summary>
internal static class ContactSheet
{
    private const int Columns = 16;
    private const int Rows = 10;
    private const int Scale = 4;
    private const int Stripe = 4;
    private const int Margin = 6;
    private const int Side = Ffmpeg.FrameSide * Scale;

    /// <summary>Draws the sheet.</summary>
    /// <param name="windows">The window file, open. It continues at its end.</param>
    /// <param name="films">The films in the window file.</param>
    /// <param name="path">Path of the PNG to write.</param>
    public static void Save(Stream windows, IReadOnlyList<FilmEntry> films, string path)
    {
        int count = films.Sum(film => film.Count);
        int shown = Math.Min(count, Columns * Rows);
        int rows = (shown + Columns - 1) / Columns;
        using SKBitmap sheet = new(Margin + (Math.Min(shown, Columns) * (Side + Margin)), Margin + (rows * (Side + Stripe + Margin)));
        using SKCanvas canvas = new(sheet);
        canvas.Clear(new SKColor(24, 24, 28));
        byte[] pixels = new byte[WindowRecord.FrameSize];
        for (int i = 0; i < shown; i++)
        {
            int window = (int)((long)i * count / shown);
            windows.Position = ((long)window * WindowRecord.Size) + WindowRecord.FrameOffset;
            windows.ReadExactly(pixels);
            int left = Margin + (i % Columns * (Side + Margin));
            int top = Margin + (i / Columns * (Side + Stripe + Margin));
            Draw(canvas, pixels, SKRect.Create(left, top, Side, Side));
            using SKPaint stripe = new() { Color = ColourOf(films.TakeWhile(film => film.First <= window).Count()) };
            canvas.DrawRect(left, top + Side, Side, Stripe, stripe);
        }

        windows.Position = windows.Length;
        using var image = SKImage.FromBitmap(sheet);
        using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
        using FileStream stream = File.Create(path);
        png.SaveTo(stream);
    }

    private static void Draw(SKCanvas canvas, byte[] pixels, SKRect place)
    {
        using SKBitmap frame = new(Ffmpeg.FrameSide, Ffmpeg.FrameSide, SKColorType.Gray8, SKAlphaType.Opaque);
        pixels.CopyTo(frame.GetPixelSpan());
        using var image = SKImage.FromBitmap(frame);
        canvas.DrawImage(image, place, new SKSamplingOptions(SKFilterMode.Nearest));
    }

    /// <summary>Colour of a film. Hues are a golden angle apart, so that neighbours differ.</summary>
    private static SKColor ColourOf(int film) => SKColor.FromHsv(film * 137.508f % 360, 60, 90);
}

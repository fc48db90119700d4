namespace HslEmbeddingZero.Package.Tests.Packages;

public sealed class IconTests
{
    /// <summary>A changed drawing is written to the folder of the tests. Look at it before it replaces src/icon.png.</summary>
    [Fact]
    public void The_icon_is_the_drawing()
    {
        byte[] drawn = IconDrawing.Scanlines();
        byte[] committed = File.Exists(Build.PathOf("src/icon.png")) ? File.ReadAllBytes(Build.PathOf("src/icon.png")) : [];
        if (committed.Length > 0 && IconDrawing.FromPng(committed).AsSpan().SequenceEqual(drawn)) return;

        string drawing = Path.Combine(AppContext.BaseDirectory, "icon.png");
        File.WriteAllBytes(drawing, IconDrawing.ToPng(drawn));
        Assert.Fail($"src/icon.png is not what IconDrawing draws: {drawing}");
    }
}

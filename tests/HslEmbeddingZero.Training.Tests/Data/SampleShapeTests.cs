namespace HslEmbeddingZero.Training.Tests.Data;

public class SampleShapeTests
{
    [Theory]
    [InlineData(Modality.Text, 512, 256)]
    [InlineData(Modality.Video, 539, 539)]
    [InlineData(Modality.Caption, 514, 25)]
    public void Shapes_are_those_of_the_byte_mix(Modality modality, int context, int target) =>
        Assert.Equal(new SampleShape(context, target), SampleShape.Of(modality));

    [Fact]
    public void An_unknown_modality_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => SampleShape.Of((Modality)3));

    [Fact]
    public void A_window_is_read_by_position()
    {
        var window = WindowFile.Bytes(1);
        Assert.Equal((539, 257, 514), (WindowRecord.Size, WindowRecord.AudioOffset, WindowRecord.CaptionOffset));
        Assert.Equal(254, window[WindowRecord.FrameOffset + WindowRecord.Frame(window).Length]);
        Assert.Equal(254, window[WindowRecord.AudioOffset + WindowRecord.Audio(window).Length]);
        Assert.Equal(255, window[WindowRecord.CaptionOffset + WindowRecord.Caption(window).Length]);
    }
}

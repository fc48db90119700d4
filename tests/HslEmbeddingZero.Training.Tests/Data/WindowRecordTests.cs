namespace HslEmbeddingZero.Training.Tests.Data;

public class WindowRecordTests
{
    [Fact]
    public void A_window_is_read_by_position()
    {
        byte[] window = TestWindows.Bytes(1);
        Assert.Equal((539, 257, 514), (WindowRecord.Size, WindowRecord.AudioOffset, WindowRecord.CaptionOffset));
        Assert.Equal(254, window[WindowRecord.FrameOffset + WindowRecord.Frame(window).Length]);
        Assert.Equal(254, window[WindowRecord.AudioOffset + WindowRecord.Audio(window).Length]);
        Assert.Equal(255, window[WindowRecord.CaptionOffset + WindowRecord.Caption(window).Length]);
    }
}

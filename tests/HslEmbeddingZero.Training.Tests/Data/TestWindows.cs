namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>Windows made for a test, each different from all others.</summary>
public static class TestWindows
{
    public static byte[] Bytes(int windows)
    {
        byte[] bytes = new byte[windows * WindowRecord.Size];
        for (int window = 0; window < windows; window++)
        {
            Span<byte> record = bytes.AsSpan(window * WindowRecord.Size, WindowRecord.Size);
            record.Fill((byte)(window % 251));
            record[0] = (byte)(window >> 8);
            record[1] = (byte)window;
            record[WindowRecord.FrameOffset + WindowRecord.FrameSize] = WindowRecord.FieldSeparator;
            record[WindowRecord.AudioOffset + WindowRecord.AudioSize] = WindowRecord.FieldSeparator;
            record[WindowRecord.CaptionOffset + WindowRecord.CaptionSize] = WindowRecord.RecordEnd;
        }

        return bytes;
    }
}

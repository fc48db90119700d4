using System.Text;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

public class IncrementalTextTests
{
    [Theory]
    [InlineData("plain\ttext\n", "plain\ttext\n")]
    [InlineData("안녕, naïve 🙂", "안녕, naïve 🙂")]
    public void Text_is_shown_as_it_is(string text, string expected) => Assert.Equal(expected, Shown(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(new byte[] { 0x61, 0xE3, 0x62 }, "a{\\xE3}b")]
    [InlineData(new byte[] { 0xFF, 0x80 }, "{\\xFF}{\\x80}")]
    [InlineData(new byte[] { 0xEC, 0x95, 0x61 }, "{\\xEC}{\\x95}a")] // broken off in the middle
    [InlineData(new byte[] { 0x61, 0xEC, 0x95 }, "a{\\xEC}{\\x95}")] // broken off at the end
    [InlineData(new byte[] { 0xC0, 0xAF }, "{\\xC0}{\\xAF}")] // overlong
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "{\\xED}{\\xA0}{\\x80}")] // half of a surrogate pair
    [InlineData(new byte[] { 0x1B, 0x5B, 0x32, 0x4A, 0x0D, 0x00 }, "{\\x1B}[2J{\\x0D}{\\x00}")] // would control the terminal
    [InlineData(new byte[] { 0xC2, 0x9B }, "{\\xC2}{\\x9B}")] // also a control code, in one character
    public void What_is_no_text_is_shown_byte_by_byte(byte[] bytes, string expected) => Assert.Equal(expected, Shown(bytes));

    [Fact]
    public void A_character_comes_with_its_last_byte()
    {
        List<string> pieces = [];
        IncrementalText text = new((piece, _) => pieces.Add(piece));
        byte[] bytes = Encoding.UTF8.GetBytes("한");
        text.Add(bytes[0]);
        text.Add(bytes[1]);
        Assert.Empty(pieces);
        text.Add(bytes[2]);
        Assert.Equal(["한"], pieces);
    }

    private static string Shown(byte[] bytes)
    {
        StringBuilder shown = new();
        IncrementalText text = new((piece, isText) => shown.Append(isText ? piece : $"{{{piece}}}"));
        foreach (byte value in bytes) text.Add(value);
        text.Complete();
        return shown.ToString();
    }
}

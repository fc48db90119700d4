using System.Text;
using CsCheck;
using HslEmbeddingZero.Knowledge;

namespace HslEmbeddingZero.Tests.Knowledge;

public sealed class FactSplitterTests
{
    [Theory]
    [InlineData("One. Two! Three? Four… Five", "One.|Two!|Three?|Four…|Five")]
    [InlineData("A line\nand another\r\n\r\n  and a third  ", "A line|and another|and a third")]
    [InlineData("그는 갔다. 비가 왔다! 정말?", "그는 갔다.|비가 왔다!|정말?")]
    [InlineData("吾輩は猫である。名前はまだ無い。「はい。」そう", "吾輩は猫である。|名前はまだ無い。|「はい。」|そう")]
    [InlineData("He said \"Go.\" Then (he left.) So?! Yes... No", "He said \"Go.\"|Then (he left.)|So?!|Yes...|No")]
    [InlineData("Pi is 3.14 and v1.2 is out.Now", "Pi is 3.14 and v1.2 is out.Now")]
    [InlineData("Dr. Kim met J. S. Bach, e.g. on Monday. Prof. Lee did not.", "Dr. Kim met J. S. Bach, e.g. on Monday.|Prof. Lee did not.")]
    [InlineData("1. Open the box.\n2. Close it.", "1. Open the box.|2. Close it.")]
    [InlineData("\u00A0\u3000Wide\u2028spaces\u0085 end\u3000", "Wide|spaces|end")]
    [InlineData("\uFEFFmarked", "marked")]
    [InlineData("", "")]
    [InlineData(" \n\t ", "")]
    public void A_fact_is_a_sentence_of_a_line(string text, string facts) => Assert.Equal(facts, string.Join('|', Split(text)));

    [Fact]
    public void A_long_sentence_is_cut_at_its_last_white_space()
    {
        string word = new('w', 99);
        Assert.Equal([$"{word} {word}", $"{word} {word}", $"{word}."], Split($"{word} {word}  {word} {word} {word}."));
        string exact = new('w', FactSplitter.MaxBytes - 1);
        Assert.Equal([exact + ".", "x"], Split($"{exact}. x"));
        Assert.Equal([exact + ".", "x"], Split($"{exact}.\nx"));
    }

    [Fact]
    public void A_long_sentence_without_white_space_is_cut_between_two_characters()
    {
        Assert.Equal([240, 240, 120], Split(new string('가', 200)).Select(Encoding.UTF8.GetByteCount));
        Assert.Equal([239, 5], Split("a" + new string('é', 121) + "x").Select(Encoding.UTF8.GetByteCount));
        Assert.Equal([240, 12], Split(string.Concat(Enumerable.Repeat("🦊", 63))).Select(Encoding.UTF8.GetByteCount));
    }

    [Fact]
    public void The_facts_have_every_character_once_and_keep_the_limit() =>
        Gen.String[Gen.OneOf(Gen.Char[" \n.!?…。\"'"], Gen.Char.AlphaNumeric, Gen.Char['가', '힣'], Gen.Const('x')), 0, 900].Sample(text =>
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            StringBuilder all = new();
            long end = 0;
            foreach (FactPlace place in FactSplitter.Split(utf8))
            {
                Assert.InRange(place.Length, 1, FactSplitter.MaxBytes);
                Assert.True(place.Offset >= end);
                end = place.Offset + place.Length;
                string fact = Encoding.UTF8.GetString(utf8, (int)place.Offset, place.Length);
                Assert.DoesNotContain('\uFFFD', fact);
                Assert.Equal(fact.Trim(), fact);
                all.Append(fact);
            }

            Assert.Equal(WithoutSpaces(text), WithoutSpaces(all.ToString()));
        }, iter: 2000, seed: "0000000000001");

    [Fact]
    public void Text_that_is_not_UTF8_is_refused_with_the_offset()
    {
        KnowledgeException fault = Assert.Throws<KnowledgeException>(() => FactSplitter.Split([.. "한글"u8, 0xFF, .. "a"u8]));
        Assert.Equal("the text is not UTF-8: byte 0xFF at offset 6 begins no character.", fault.Message);
    }

    private static string[] Split(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return [.. FactSplitter.Split(utf8).Select(place => Encoding.UTF8.GetString(utf8, (int)place.Offset, place.Length))];
    }

    private static string WithoutSpaces(string text) => new([.. text.Where(unit => !char.IsWhiteSpace(unit))]);
}

using HslEmbeddingZero.Samples.SyntheticData;

namespace HslEmbeddingZero.Samples.Tests.SyntheticData;

public sealed class PhrasingTests
{
    [Theory]
    [InlineData("솔미골", "을/를", "을")]
    [InlineData("누람대학교", "을/를", "를")]
    [InlineData("지도학자", "이에요/예요", "예요")]
    [InlineData("안내인", "이에요/예요", "이에요")]
    [InlineData("5월 14일", "이다/다", "이다")]
    [InlineData("5월 14일", "은/는", "은")]
    [InlineData("박찬렌", "이/가", "이")]
    [InlineData("김별내", "이/가", "가")]
    [InlineData("사서", "으로/로", "로")]
    [InlineData("양봉가", "으로/로", "로")]
    [InlineData("안내인", "으로/로", "으로")]
    [InlineData("기록관", "으로서/로서", "으로서")]
    [InlineData("구슬", "으로/로", "로")] // a final ㄹ is as a vowel for 으로, and for no other particle
    [InlineData("구슬", "이라고/라고", "이라고")]
    [InlineData("구슬", "과/와", "과")]
    [InlineData("찻주전자", "과/와", "와")]
    [InlineData("수프", "이라면/라면", "라면")]
    [InlineData("죽", "이라면/라면", "이라면")]
    [InlineData("한", "은/는", "은")]
    [InlineData("힣", "은/는", "은")] // the last syllable of all
    [InlineData("'고양이'", "은/는", "는")]
    [InlineData("7", "은/는", "은")]
    [InlineData("12", "은/는", "는")]
    [InlineData("98", "으로/로", "로")]
    [InlineData("30", "과/와", "과")]
    [InlineData("46", "을/를", "을")]
    [InlineData("5", "이/가", "가")]
    public void A_particle_fits_the_end_of_the_word(string word, string forms, string expected) =>
        Assert.Equal(word + expected, Phrasing.Fill($"{{word:{forms}}}", ("word", word)));

    [Theory]
    [InlineData("Tavia")]
    [InlineData("가.")]
    [InlineData("'")]
    [InlineData("")]
    public void A_particle_after_another_character_is_refused(string word) =>
        Assert.Contains($"got '{word}'", Assert.Throws<ArgumentException>(() => KoreanParticle.Choose(word, "은", "는")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Every_placeholder_is_filled() => Assert.Equal(
        "An orchard guide, a reef guide and 김별내가.",
        Phrasing.Fill(
            "An {x}, {a y} and {z:이/가}.", ("x", "orchard guide"), ("y", "reef guide"), ("z", "김별내")));

    [Fact]
    public void An_article_fits_the_first_letter() =>
        Assert.Equal("an orchard", Phrasing.Fill("{a value}", ("value", "orchard")));

    [Fact]
    public void A_placeholder_without_a_text_is_refused() => Assert.Equal(
        "There is no text for {name:은/는}.",
        Assert.Throws<FormatException>(() => Phrasing.Fill("{name:은/는} 왔다.", ("value", "x"))).Message);
}

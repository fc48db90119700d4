namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>Korean particles that have two forms: one after a final consonant, and one after a vowel.</summary>
internal static class KoreanParticle
{
    private const int FirstSyllable = 0xAC00, LastSyllable = 0xD7A3, Finals = 28, FinalRieul = 8;

    /// <summary>Finals of the digits as they are read: 영, 일, 이, 삼, 사, 오, 육, 칠, 팔, 구. A last 0 is also 십 or 백.</summary>
    private static readonly int[] FinalOfDigit = [21, FinalRieul, 0, 16, 0, 0, 1, FinalRieul, FinalRieul, 0];

    /// <summary>Chooses the form that follows a word.</summary>
    /// <param name="word">A word that ends in a Hangul syllable or a digit. A quotation mark may follow.</param>
    /// <param name="afterConsonant">Form after a final consonant, such as 은, 이, 을 or 으로. 으로 is not for a final ㄹ: 서울로.</param>
    /// <param name="afterVowel">Form after a vowel, such as 는, 가, 를 or 로.</param>
    /// <exception cref="ArgumentException">The word ends in another character.</exception>
    public static string Choose(string word, string afterConsonant, string afterVowel)
    {
        int final = word.TrimEnd('\'') switch
        {
            [.., >= (char)FirstSyllable and <= (char)LastSyllable and char last] => (last - FirstSyllable) % Finals,
            [.., >= '0' and <= '9' and char last] => FinalOfDigit[last - '0'],
            _ => throw new ArgumentException($"A particle needs a Hangul syllable or a digit before it; got '{word}'.", nameof(word)),
        };
        bool isAsAfterVowel = final == 0 || (final == FinalRieul && afterConsonant.StartsWith('으'));
        return isAsAfterVowel ? afterVowel : afterConsonant;
    }
}

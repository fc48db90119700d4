using System.Globalization;

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>A way to write a number.</summary>
internal enum NumeralForm
{
    Digits,
    English,

    /// <summary>Korean words of Chinese origin: 이십삼.</summary>
    SinoKorean,

    /// <summary>Korean words of Korean origin: 스물셋.</summary>
    NativeKorean,
}

/// <summary>Writes the numbers from 1 to 99.</summary>
internal static class Numerals
{
    private static readonly string[] EnglishSmall =
    [
        "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    private static readonly string[] EnglishTens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    private static readonly string[] SinoKorean = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];
    private static readonly string[] NativeOnes = ["", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉"];
    private static readonly string[] NativeTens = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"];

    public static string Write(int number, NumeralForm form)
    {
        (int tens, int ones) = Math.DivRem(number, 10);
        return form switch
        {
            NumeralForm.Digits => number.ToString(CultureInfo.InvariantCulture),
            NumeralForm.English when number < EnglishSmall.Length => EnglishSmall[number],
            NumeralForm.English => ones == 0 ? EnglishTens[tens] : $"{EnglishTens[tens]}-{EnglishSmall[ones]}",
            NumeralForm.SinoKorean => (tens > 1 ? SinoKorean[tens] : "") + (tens > 0 ? "십" : "") + SinoKorean[ones],
            _ => NativeTens[tens] + NativeOnes[ones],
        };
    }

    /// <summary>What a form is called in a question.</summary>
    public static string NameOf(NumeralForm form, Language language) => (form, language) switch
    {
        (NumeralForm.Digits, Language.English) => "digits",
        (NumeralForm.English, Language.English) => "English words",
        (NumeralForm.SinoKorean, Language.English) => "Sino-Korean",
        (NumeralForm.NativeKorean, Language.English) => "native Korean",
        (NumeralForm.Digits, _) => "아라비아 숫자",
        (NumeralForm.English, _) => "영어",
        (NumeralForm.SinoKorean, _) => "한자어 수사",
        _ => "순우리말 수사",
    };
}

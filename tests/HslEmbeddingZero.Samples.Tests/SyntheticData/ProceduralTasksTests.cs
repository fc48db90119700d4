using System.Globalization;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Samples.SyntheticData;

namespace HslEmbeddingZero.Samples.Tests.SyntheticData;

/// <summary>Each answer is computed a second time, from the text of the question.</summary>
public sealed partial class ProceduralTasksTests
{
    private const int Count = 5_000;

    private static readonly TaskSample[] Training = [.. Enumerable.Range(0, Count).Select(i => ProceduralTasks.Training((ulong)i))];
    private static readonly TaskSample[] HeldOut = [.. Enumerable.Range(0, Count).Select(i => ProceduralTasks.HeldOut((ulong)i))];

    private static readonly DateTime Monday = new(2024, 1, 1);

    [Fact]
    public void Nothing_of_the_held_out_contents_is_in_training()
    {
        Assert.Empty(HeldOut.SelectMany(task => task.Contents).Intersect(Training.SelectMany(task => task.Contents)));
        Assert.Empty(HeldOut.Select(task => task.Question).Intersect(Training.Select(task => task.Question)));
    }

    [Fact]
    public void Every_kind_is_in_both_splits_and_languages()
    {
        (string, Language)[] expected =
            [.. from kind in ProceduralTasks.Kinds from language in Enum.GetValues<Language>() select (kind, language)];
        Assert.Equal(expected.Order(), Training.Select(task => (task.Kind, task.Language)).Distinct().Order());
        Assert.Equal(expected.Order(), HeldOut.Select(task => (task.Kind, task.Language)).Distinct().Order());
    }

    [Fact]
    public void The_same_choice_gives_the_same_task()
    {
        Assert.Equal(
            (Training[17].Question, Training[17].Answer), (ProceduralTasks.Training(17).Question, ProceduralTasks.Training(17).Answer));
        Assert.InRange(Training.Select(task => task.Question).Distinct().Count(), Count / 2, Count);
        Assert.NotNull(ProceduralTasks.HeldOut(ulong.MaxValue));
    }

    [Fact]
    public void Every_form_has_five_phrasings()
    {
        Assert.All(TaskPhrasings.Forms, form => Assert.All(Enum.GetValues<Language>(), language =>
        {
            string[] phrasings = TaskPhrasings.Of(form, language);
            Assert.Equal(5, phrasings.Distinct().Count());
            Assert.Equal(language == Language.Korean, phrasings.Any(text => text.Any(letter => letter >= '가')));
        }));
    }

    [Theory]
    [InlineData("copy")]
    [InlineData("spell")]
    [InlineData("count-letters")]
    public void A_word_is_copied_spelled_and_counted(string kind) => Check(kind, (task, text) =>
    {
        string word = task.Contents.Single()["word ".Length..];
        Assert.Contains(word, text, StringComparison.Ordinal);
        return kind switch
        {
            "copy" => word,
            "spell" => Regex.Replace(word, "(?<=.)(?=.)", "-"),
            _ => Number(new StringInfo(word).LengthInTextElements),
        };
    });

    [Fact]
    public void Words_are_counted() => Check("count-words", (_, text) => Number(Regex.Count(Listed(text), @"\w+")));

    [Fact]
    public void Words_are_sorted() => Check("sort-words", (task, text) =>
    {
        string[] words = [.. Regex.Matches(text, @"\w+").Select(match => match.Value)];
        string[] listed = [.. words.Where(word => task.Contents.Contains($"word {word}"))];
        Array.Sort(listed, string.CompareOrdinal);
        return string.Join(", ", listed);
    });

    [Fact]
    public void Numbers_are_sorted() => Check("sort-numbers", (_, text) =>
    {
        List<int> numbers = Numbers(text);
        numbers.Sort();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        if (FallingWords().IsMatch(text)) numbers.Reverse();
        return string.Join(", ", numbers);
    });

    [Fact]
    public void Numbers_are_added() => Check("sum", (_, text) => Number(Numbers(text).Sum()));

    [Fact]
    public void Days_are_those_of_the_calendar() => Check("day", (task, text) =>
    {
        string names = task.Language == Language.English ? "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday" : "[월화수목금토일]요일";
        DateTime start = Enumerable.Range(0, 7).Select(day => Monday.AddDays(day))
            .Single(day => Name(day) == Regex.Match(text, names).Value);
        return Name(start.AddDays(Steps(text)));

        string Name(DateTime day) =>
            task.Language == Language.English ? $"{day.DayOfWeek}" : $"{"일월화수목금토"[(int)day.DayOfWeek]}요일";
    });

    [Fact]
    public void Months_are_those_of_the_calendar() => Check("month", (task, text) =>
    {
        string[] english = CultureInfo.InvariantCulture.DateTimeFormat.MonthNames[..12];
        int start = task.Language == Language.English
            ? Array.FindIndex(english, name => text.Contains(name, StringComparison.Ordinal)) + 1
            : int.Parse(Regex.Match(text, @"(\d+)월").Groups[1].Value, CultureInfo.InvariantCulture);
        int end = new DateTime(2024, start, 1).AddMonths(Steps(text.Replace($"{start}월", "", StringComparison.Ordinal))).Month;
        return task.Language == Language.English ? english[end - 1] : $"{end}월";
    });

    [Fact]
    public void Names_and_numbers_of_months_belong_together() => Check("month-name", (task, text) =>
    {
        string[] english = CultureInfo.InvariantCulture.DateTimeFormat.MonthNames[..12];
        int named = Array.FindIndex(english, name => text.Contains(name, StringComparison.Ordinal));
        return named < 0 ? english[Numbers(text).Single() - 1] : task.Language == Language.English ? Number(named + 1) : $"{named + 1}월";
    });

    [Fact]
    public void Amounts_are_equal_in_both_units() => Check("unit", (task, text) =>
    {
        Match given = Regex.Match(text, @"(\d+) (\p{L}+)"), answer = Regex.Match(task.Answer, @"^(\d+) (\p{L}+)$");
        Assert.Equal(Base(given), Base(answer));
        Assert.NotEqual(given.Groups[2].Value, answer.Groups[2].Value);
        Assert.Matches($@"(?<!\d ){answer.Groups[2].Value}\b", text);
        return task.Answer;

        static (string, long) Base(Match amount) => (amount.Groups[2].Value, long.Parse(amount.Groups[1].Value)) switch
        {
            ("mm", long n) => ("length", n),
            ("cm", long n) => ("length", n * 10),
            ("m", long n) => ("length", n * 1000),
            ("km", long n) => ("length", n * 1_000_000),
            ("g", long n) => ("mass", n),
            ("kg", long n) => ("mass", n * 1000),
            ("mL", long n) => ("volume", n),
            ("L", long n) => ("volume", n * 1000),
            ("s", long n) => ("time", n),
            ("min", long n) => ("time", n * 60),
            ("h", long n) => ("time", n * 3600),
            var (unit, _) => (unit, -1),
        };
    });

    [Fact]
    public void A_numeral_and_its_answer_are_the_same_number_in_the_form_that_is_asked() => Check("numeral", (task, text) =>
    {
        int number = int.Parse(task.Contents.Single().Split(' ')[1], CultureInfo.InvariantCulture);
        Assert.Equal(number, Read(task.Answer));
        Assert.Contains(Enum.GetValues<NumeralForm>(), form =>
            text.Contains(Numerals.Write(number, form), StringComparison.Ordinal) && Numerals.Write(number, form) != task.Answer);
        NumeralForm asked = Enum.GetValues<NumeralForm>()
            .Single(form => text.Contains(Numerals.NameOf(form, task.Language), StringComparison.Ordinal));
        return Numerals.Write(number, asked);
    });

    [Fact]
    public void Every_number_is_read_back_from_each_of_its_forms()
    {
        foreach (NumeralForm form in Enum.GetValues<NumeralForm>())
        {
            int[] all = [.. Enumerable.Range(1, 99)];
            Assert.Equal(all, all.Select(number => Read(Numerals.Write(number, form))));
        }

        Assert.Equal(["23", "twenty-three", "이십삼", "스물셋"], Enum.GetValues<NumeralForm>().Select(form => Numerals.Write(23, form)));
        Assert.Equal(["10", "ten", "십", "열"], Enum.GetValues<NumeralForm>().Select(form => Numerals.Write(10, form)));
    }

    private static void Check(string kind, Func<TaskSample, string, string> answer)
    {
        TaskSample[] tasks = [.. Training.Concat(HeldOut).Where(task => task.Kind == kind)];
        Assert.InRange(tasks.Length, 500, 2 * Count);
        Assert.All(tasks, task => Assert.Equal(answer(task, task.Question), task.Answer));
    }

    /// <summary>The steps that a question names: "3 days before" is -3.</summary>
    private static int Steps(string text)
    {
        int steps = Numbers(text).FirstOrDefault(1);
        return BackWords().IsMatch(text) ? -steps : steps;
    }

    /// <summary>What follows the instruction.</summary>
    private static string Listed(string text) => Regex.Split(text, "[:?] ")[^1];

    private static List<int> Numbers(string text) =>
        [.. Regex.Matches(text, @"\d+").Select(match => int.Parse(match.Value, CultureInfo.InvariantCulture))];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads a number: the words are added, and 십 multiplies what is before it.</summary>
    private static int Read(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int digits)) return digits;
        if (SinoKorean().Match(text) is { Success: true } sino)
        {
            int tens = sino.Groups["tens"].Value is { Length: > 0 } many ? " 일이삼사오육칠팔구".IndexOf(many, StringComparison.Ordinal) : 1;
            int ones = sino.Groups["ones"].Value is { Length: > 0 } few ? " 일이삼사오육칠팔구".IndexOf(few, StringComparison.Ordinal) : 0;
            return (sino.Groups["ten"].Success ? 10 * tens : 0) + ones;
        }

        int sum = 0;
        foreach (string part in text.Split('-'))
        {
            for (string rest = part; rest.Length > 0;)
            {
                string word = Words.Keys.Where(word => rest.StartsWith(word, StringComparison.Ordinal)).MaxBy(word => word.Length)!;
                sum += Words[word];
                rest = rest[word.Length..];
            }
        }

        return sum;
    }

    private static Dictionary<string, int> Words { get; } = (
        "one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 "
            + "sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 "
            + "ninety=90 하나=1 둘=2 셋=3 넷=4 다섯=5 여섯=6 일곱=7 여덟=8 아홉=9 열=10 스물=20 서른=30 마흔=40 쉰=50 예순=60 일흔=70 여든=80 아흔=90")
        .Split(' ').Select(entry => entry.Split('=')).ToDictionary(
            pair => pair[0], pair => int.Parse(pair[1], CultureInfo.InvariantCulture));

    [GeneratedRegex("^(?:(?<tens>[이삼사오육칠팔구]?)(?<ten>십))?(?<ones>[일이삼사오육칠팔구]?)$")]
    private static partial Regex SinoKorean();

    [GeneratedRegex("largest to|falling|largest first|descending|high to|큰|내림")]
    private static partial Regex FallingWords();

    [GeneratedRegex("before|follows|yesterday|ago|back|was the last|전|앞|어제|지난달")]
    private static partial Regex BackWords();
}

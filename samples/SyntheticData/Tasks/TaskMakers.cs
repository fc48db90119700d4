using System.Globalization;

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>What a task is drawn with.</summary>
internal sealed record TaskDraw(Draws Draws, string Kind, Language Language, bool IsHeldOut)
{
    public bool IsEnglish => Language == Language.English;

    /// <summary>Puts a task together. Its form names the phrasings: "sum", or "day-after".</summary>
    public TaskSample Task(string form, IReadOnlyList<string> contents, string answer, params ReadOnlySpan<(string, string)> texts) =>
        new(Phrasing.Fill(Draws.OneOf(TaskPhrasings.Of(form, Language)), texts), answer, Kind) { Language = Language, Contents = contents };
}

/// <summary>Draws one task of each kind. Tasks that are held out, or not, are chosen by the caller.</summary>
internal static class TaskMakers
{
    private static readonly (string Large, string Small, int Factor)[] Units =
    [
        ("m", "cm", 100), ("cm", "mm", 10), ("km", "m", 1000), ("kg", "g", 1000), ("L", "mL", 1000), ("h", "min", 60), ("min", "s", 60),
    ];

    public static TaskSample Copy(TaskDraw draw)
    {
        string word = AnyWord(draw);
        return WordTask(draw, word, word);
    }

    /// <summary>Letters in English, syllables in Korean.</summary>
    public static TaskSample Spell(TaskDraw draw)
    {
        string word = AnyWord(draw);
        return WordTask(draw, word, string.Join('-', word.AsEnumerable()));
    }

    public static TaskSample CountLetters(TaskDraw draw)
    {
        string word = AnyWord(draw);
        return WordTask(draw, word, Text(word.Length));
    }

    public static TaskSample CountWords(TaskDraw draw)
    {
        string[] words = draw.Draws.Some(TaskWords.Of(draw.Language, draw.IsHeldOut), 2 + draw.Draws.Below(6));
        return draw.Task("count-words", Contents(words), Text(words.Length), ("words", string.Join(' ', words)));
    }

    public static TaskSample SortWords(TaskDraw draw)
    {
        string[] words = draw.Draws.Some(TaskWords.Of(draw.Language, draw.IsHeldOut), 3 + draw.Draws.Below(3));
        return draw.Task(
            "sort-words", Contents(words), string.Join(", ", words.Order(StringComparer.Ordinal)), ("words", string.Join(", ", words)));
    }

    public static TaskSample SortNumbers(TaskDraw draw)
    {
        int[] numbers = draw.Draws.Some([.. Enumerable.Range(0, 100)], 3 + draw.Draws.Below(3)), rising = [.. numbers.Order()];
        string content = $"sort {string.Join(' ', rising)}";
        return draw.Draws.Below(2) == 0
            ? draw.Task("sort-rising", [content], string.Join(", ", rising), ("numbers", string.Join(", ", numbers)))
            : draw.Task("sort-falling", [content], string.Join(", ", rising.Reverse()), ("numbers", string.Join(", ", numbers)));
    }

    public static TaskSample Sum(TaskDraw draw)
    {
        int first = draw.Draws.Below(100), second = draw.Draws.Below(100);
        string content = $"sum {Math.Min(first, second)} {Math.Max(first, second)}";
        return draw.Task("sum", [content], Text(first + second), ("a", Text(first)), ("b", Text(second)));
    }

    public static TaskSample Day(TaskDraw draw) => Step(draw, "day", TaskWords.Days(draw.Language));

    public static TaskSample Month(TaskDraw draw) => Step(draw, "month", TaskWords.Months(draw.Language));

    /// <summary>The number of a month and its English name. Of the four questions about a month, some are held out.</summary>
    public static TaskSample MonthName(TaskDraw draw)
    {
        int month = draw.Draws.Below(12);
        string name = TaskWords.Months(Language.English)[month], number = draw.IsEnglish ? Text(month + 1) : $"{month + 1}월";
        (string form, string given, string answer) =
            draw.Draws.Below(2) == 0 ? ("month-number", name, number) : ("month-name", number, name);
        return draw.Task(form, [$"{form} {draw.Language} {month + 1}"], answer, ("month", given));
    }

    public static TaskSample Unit(TaskDraw draw)
    {
        (string large, string small, int factor) = draw.Draws.OneOf(Units);
        int count = 1 + draw.Draws.Below(99);
        string content = $"unit {count} {large} {small}", many = $"{count * factor} {small}", few = $"{count} {large}";
        return draw.Draws.Below(2) == 0
            ? draw.Task("unit", [content], many, ("amount", few), ("unit", small))
            : draw.Task("unit", [content], few, ("amount", many), ("unit", large));
    }

    /// <summary>One number in two forms: digits, English words, or the Korean words of Chinese or of Korean origin.</summary>
    public static TaskSample Numeral(TaskDraw draw)
    {
        int number = 1 + draw.Draws.Below(99);
        NumeralForm[] forms = draw.Draws.Some(Enum.GetValues<NumeralForm>(), 2);
        string content = $"numeral {number} {string.Join(' ', forms.Order())}";
        return draw.Task(
            "numeral", [content], Numerals.Write(number, forms[1]),
            ("number", Numerals.Write(number, forms[0])), ("form", Numerals.NameOf(forms[1], draw.Language)));
    }

    private static TaskSample Step(TaskDraw draw, string kind, IReadOnlyList<string> cycle)
    {
        int start = draw.Draws.Below(cycle.Count), steps = 1 + draw.Draws.Below(6), sign = draw.Draws.Below(2) == 0 ? 1 : -1;
        string form = $"{kind}{(steps == 1 ? "-next" : "")}{(sign > 0 ? "-after" : "-before")}";
        int end = (start + (sign * steps) + cycle.Count) % cycle.Count;
        return draw.Task(form, [$"{kind} {start} {sign * steps}"], cycle[end], ("start", cycle[start]), ("steps", Text(steps)));
    }

    private static TaskSample WordTask(TaskDraw draw, string word, string answer) =>
        draw.Task(draw.Kind, Contents(word), answer, ("word", word), ("quoted", $"'{word}'"));

    /// <summary>A word of the list, or an invented one.</summary>
    private static string AnyWord(TaskDraw draw) => draw.Draws.Below(2) == 0
        ? draw.Draws.OneOf(TaskWords.Of(draw.Language, draw.IsHeldOut)) : TaskWords.Invent(draw.Draws, draw.Language);

    private static string[] Contents(params IEnumerable<string> words) => [.. words.Select(TaskWords.ContentOf)];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>A task with one right answer.</summary>
/// <param name="Question">What is asked.</param>
/// <param name="Answer">The right answer, without other words.</param>
/// <param name="Kind">One of <see cref="ProceduralTasks.Kinds"/>.</param>
public sealed record TaskSample(string Question, string Answer, string Kind)
{
    /// <summary>Language of the question.</summary>
    public required Language Language { get; init; }

    /// <summary>What decides whether the task is held out, such as "sum 7 12". A word counts in all tasks with words.</summary>
    public required IReadOnlyList<string> Contents { get; init; }
}

/// <summary>
/// Tasks that a program can check: copy, spell, count, sort, add, and turn days, months, units and numerals. A hash of the content holds
/// one content in ten out from training, in both languages and in all phrasings.
/// </summary>
public static class ProceduralTasks
{
    /// <summary>One content in so many is held out.</summary>
    private const int HeldOutShare = 10;

    private static readonly Dictionary<string, Func<TaskDraw, TaskSample>> Makers = new()
    {
        ["copy"] = TaskMakers.Copy,
        ["spell"] = TaskMakers.Spell,
        ["count-letters"] = TaskMakers.CountLetters,
        ["count-words"] = TaskMakers.CountWords,
        ["sort-words"] = TaskMakers.SortWords,
        ["sort-numbers"] = TaskMakers.SortNumbers,
        ["sum"] = TaskMakers.Sum,
        ["day"] = TaskMakers.Day,
        ["month"] = TaskMakers.Month,
        ["month-name"] = TaskMakers.MonthName,
        ["unit"] = TaskMakers.Unit,
        ["numeral"] = TaskMakers.Numeral,
    };

    /// <summary>Names of the kinds. Each sample is of a random one.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. Makers.Keys];

    /// <summary>A task for training.</summary>
    /// <param name="choice">Any number. The same number gives the same task.</param>
    public static TaskSample Training(ulong choice) => Draw(choice, isHeldOut: false);

    /// <summary>A held-out task. None of its contents is in a training task.</summary>
    /// <param name="choice">Any number. The same number gives the same task.</param>
    public static TaskSample HeldOut(ulong choice) => Draw(choice, isHeldOut: true);

    /// <summary>A task in a language, of a random kind or of the given one.</summary>
    internal static TaskSample Draw(Draws draws, Language language, bool isHeldOut, string? kind = null)
    {
        kind ??= draws.OneOf(Kinds);
        while (true)
        {
            TaskSample task = Makers[kind](new TaskDraw(draws, kind, language, isHeldOut));
            if (task.Contents.All(content => IsHeldOut(content) == isHeldOut)) return task;
        }
    }

    /// <summary>Whether a content is held out from training.</summary>
    internal static bool IsHeldOut(string content) => Draws.Below(Draws.Hash(content), HeldOutShare) == 0;

    private static TaskSample Draw(ulong choice, bool isHeldOut)
    {
        Draws draws = new(Draws.Hash(choice, isHeldOut ? 1 : 0));
        return Draw(draws, draws.OneOf(Enum.GetValues<Language>()), isHeldOut);
    }
}

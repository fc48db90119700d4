namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>A question and its answer.</summary>
public sealed record ChatExchange(string Question, string Answer);

/// <summary>A dialogue of one to four turns.</summary>
/// <param name="Exchanges">Questions and answers in order.</param>
/// <param name="Person">Whom the dialogue is about; null for tasks.</param>
/// <param name="Asked">What each turn asks about the person; empty for tasks.</param>
public sealed record ChatDialogue(IReadOnlyList<ChatExchange> Exchanges, Person? Person, IReadOnlyList<Relation> Asked)
{
    /// <summary>Most turns of a dialogue.</summary>
    public const int MostTurns = 4;

    /// <summary>
    /// Questions about one person. The first one names the person; the later ones only say what is asked ("And the birthday?"). Each answer
    /// is a value, without other words.
    /// </summary>
    /// <param name="world">The world of the person.</param>
    /// <param name="person">Whom the dialogue is about.</param>
    /// <param name="choice">Any number. It chooses the number of turns, what they ask, and the phrasings.</param>
    /// <param name="swapped">Whether the answers are those of the swapped store.</param>
    public static ChatDialogue About(BiographyWorld world, Person person, ulong choice, bool swapped = false)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(person);
        Draws draws = new(Draws.Hash(choice, person.IsHeldOut ? 1 : 0, person.Index));
        Relation[] asked = draws.Some(Enum.GetValues<Relation>(), 1 + draws.Below(MostTurns));
        ChatExchange[] turns =
        [
            .. asked.Select((relation, turn) => new ChatExchange(
                turn == 0 ? world.Question(person, relation, (ulong)draws.Below(int.MaxValue))
                    : draws.OneOf(Phrasings.Of(person.Language, relation).FollowUps),
                swapped ? world.SwappedValue(person, relation) : world.Value(person, relation))),
        ];
        return new(turns, person, asked);
    }

    /// <summary>Tasks in one language, each with one right answer.</summary>
    /// <param name="choice">Any number. It chooses the language, the number of turns, and the tasks.</param>
    /// <param name="isHeldOut">Whether the tasks are held out from training.</param>
    public static ChatDialogue OfTasks(ulong choice, bool isHeldOut)
    {
        Draws draws = new(Draws.Hash(choice, isHeldOut ? 1 : 0));
        Language language = draws.OneOf(Enum.GetValues<Language>());
        var turns = new ChatExchange[1 + draws.Below(MostTurns)];
        for (int turn = 0; turn < turns.Length; turn++)
        {
            TaskSample task = ProceduralTasks.Draw(draws, language, isHeldOut);
            turns[turn] = new(task.Question, task.Answer);
        }

        return new(turns, null, []);
    }
}

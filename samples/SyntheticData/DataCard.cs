using System.Globalization;
using System.Text;

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>The data card of a world: what it holds, what was checked, and samples.</summary>
public static class DataCard
{
    /// <summary>Tasks of each split that the card looks at.</summary>
    private const int CheckedTasks = 10_000;

    private static readonly Language[] Languages = Enum.GetValues<Language>();
    private static readonly Relation[] Relations = Enum.GetValues<Relation>();

    /// <summary>Computes the card as Markdown. It takes some seconds for a large world.</summary>
    /// <param name="world">The world.</param>
    /// <param name="cancellationToken">Ends the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was ended.</exception>
    public static string Markdown(BiographyWorld world, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(world);
        StringBuilder card = new(Introduction(world.Options));
        card.Append("\n## Biographies\n\n").Append(Stores(world, cancellationToken)).Append('\n').Append(Values());
        card.Append("\n## Chat and tasks\n\n").Append(Tasks());
        card.Append("\n## Checks\n\n").Append(Checks(world, cancellationToken));
        card.Append("\n## Samples\n\n").Append(Samples(world));
        return card.ToString();
    }

    private static string Introduction(BiographyOptions options)
    {
        BiographyOptions defaults = new();
        string given = Given("--seed", options.Seed, defaults.Seed) + Given("--persons", options.Persons, defaults.Persons)
            + Given("--held-out-persons", options.HeldOutPersons, defaults.HeldOutPersons);
        return $"""
            # Synthetic biographies, chat and tasks

            Invented persons with six facts each, questions about them, and tasks with one right answer, in English and Korean. A program
            makes every text from a seed. Nothing is copied from anywhere, so the licence is that of this repository (MIT). Names, towns and
            schools are invented. A likeness to real ones is chance.

            The data train a small model to read facts from its prompt. Two stores have the same sentences: the true one, and a swapped one,
            where each fact has the value of another person. A model that reads its store answers as the store says. A model that learned the
            persons by heart answers the same with both.

            ```
            dotnet run -c Release --project samples/HoLoZeRo -- synthesize{given}
            ```

            | file, in `training` and in `held-out` | content |
            | --- | --- |
            | `facts.true.txt` | six facts a person, one a line |
            | `facts.swapped.txt` | the same lines with the values of other persons |
            | `questions.jsonl` | six questions a person, with the answers of both stores |
            | `chat.jsonl` | a dialogue of one to four turns about each person, with the answers of both stores |
            | `tasks.jsonl` | as many tasks as persons |

            The command also writes this page, as `card.md`. In a program, `BiographyWorld`, `ChatDialogue` and `ProceduralTasks` make the
            same texts, and as many more as needed.

            """;
    }

    private static string Given(string option, int value, int start) => value == start ? "" : Text($" {option} {value}");

    private static string Stores(BiographyWorld world, CancellationToken cancellationToken)
    {
        Table table = new("", "training", "held out");
        IReadOnlyList<Person>[] lists = [world.Training, world.HeldOut];
        table.Add("persons", lists.Select(list => Text($"{list.Count:N0}")));
        foreach (Language language in Languages)
            table.Add($"persons with texts in {language}", lists.Select(list => Text($"{list.Count(p => p.Language == language):N0}")));
        int[][] lengths = [.. lists.Select(list => Lengths(world.Facts(list, swapped: false)))];
        int[][] swapped = [.. lists.Select(list => Lengths(world.Facts(list, swapped: true)))];
        table.Add("facts", lengths.Select(all => Text($"{all.Length:N0}")));
        table.Add("bytes of the true store", lengths.Select(Total));
        table.Add("bytes of the swapped store", swapped.Select(Total));
        table.Add("bytes of a fact: least, mean, most", lengths.Select(all => Text($"{all.Min()}, {all.Average():F0}, {all.Max()}")));
        foreach (Language language in Languages)
            table.Add($"given names × family names, {language}", Names(language, isHeldOut: false), Names(language, isHeldOut: true));

        return table.ToString();

        int[] Lengths(IEnumerable<string> facts) => [.. facts.Select(fact =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Encoding.UTF8.GetByteCount(fact);
        })];
        static string Names(Language language, bool isHeldOut) =>
            Text($"{WordLists.GivenNames(language, isHeldOut).Length} × {WordLists.FamilyNames(language).Length}");
        static string Total(int[] all) => Text($"{all.Sum(length => length + 1L):N0}"); // each with its line end
    }

    private static string Values()
    {
        Table table = new(
            "relation", "language", "values", "most bytes", "phrasings of the fact", "of the question", "of the follow-up", "value");
        foreach (Relation relation in Relations)
        {
            foreach (Language language in Languages)
            {
                IReadOnlyList<string> values = WordLists.ValuesOf(language, relation);
                var phrasings = Phrasings.Of(language, relation);
                int[] figures =
                [
                    values.Count, values.Max(Encoding.UTF8.GetByteCount), phrasings.Facts.Count, phrasings.Questions.Count,
                    phrasings.FollowUps.Count,
                ];
                table.Add([$"{relation}", $"{language}", .. figures.Select(figure => Text($"{figure}")), values[0]]);
            }
        }

        return table.ToString();
    }

    private static string Tasks()
    {
        Table table = new("kind", "language", "question", "answer"), words = new("", "training", "held out");
        foreach (Language language in Languages)
        {
            words.Add($"{language}", Text($"{TaskWords.Of(language, isHeldOut: false).Count}"),
                Text($"{TaskWords.Of(language, isHeldOut: true).Count}"));
        }

        foreach (string kind in ProceduralTasks.Kinds)
        {
            foreach (Language language in Languages)
            {
                TaskSample task = ProceduralTasks.Draw(new Draws(Draws.Hash(kind)), language, isHeldOut: false, kind);
                table.Add(kind, $"{language}", task.Question, task.Answer);
            }
        }

        return $"""
            A dialogue about a person has one to four turns. The first question names the person, the later ones do not. An answer is the
            value alone.

            A hash of the content holds out one content in ten. A held-out word is in no training task of any kind. Words in the lists:

            {words}
            Kinds of tasks:


            """ + table;
    }

    private static string Checks(BiographyWorld world, CancellationToken cancellationToken)
    {
        Person[] persons = [.. world.Training, .. world.HeldOut];
        HashSet<string> names = [.. persons.Select(person => person.Name)];
        HashSet<string> trained = [], trainedQuestions = [];
        int heldOutSeen = 0;
        for (ulong choice = 0; choice < CheckedTasks; choice++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TaskSample task = ProceduralTasks.Training(choice);
            trained.UnionWith(task.Contents);
            trainedQuestions.Add(task.Question);
        }

        for (ulong choice = 0; choice < CheckedTasks; choice++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TaskSample task = ProceduralTasks.HeldOut(choice);
            if (trainedQuestions.Contains(task.Question) || task.Contents.Any(trained.Contains)) heldOutSeen++;
        }

        Table table = new("found", "number");
        Add("names that two persons have", persons.Length - names.Count);
        Add("names that are a part of another name", names.Count(name => ProperParts(name).Any(names.Contains)));
        Add("given names in both splits", Languages.Sum(language =>
            WordLists.GivenNames(language, true).Intersect(WordLists.GivenNames(language, false)).Count()));
        Add("values that are a part of another value of their relation", (
            from language in Languages
            from relation in Relations
            let values = WordLists.ValuesOf(language, relation)
            from value in values
            where values.Any(other => other != value && other.Contains(value, StringComparison.Ordinal))
            select value).Count());
        Add("swapped values that equal the true one", persons.Sum(person => Relations.Count(relation =>
            world.SwappedValue(person, relation) == world.Value(person, relation))));
        Add(Text($"held-out tasks, of {CheckedTasks:N0}, with a content or a question of {CheckedTasks:N0} training tasks"), heldOutSeen);
        return table.ToString();

        void Add(string what, int number) => table.Add(what, Text($"{number}"));
    }

    private static IEnumerable<string> ProperParts(string name) =>
        from start in Enumerable.Range(0, name.Length)
        from length in Enumerable.Range(1, name.Length - start)
        where length < name.Length
        select name.Substring(start, length);

    private static string Samples(BiographyWorld world)
    {
        Table facts = new("true fact", "swapped fact", "question", "answer");
        StringBuilder chats = new();
        foreach (Person person in (Person[])[world.Training[0], world.Training[1], world.HeldOut[0], world.HeldOut[1]])
        {
            foreach (Relation relation in Relations)
            {
                facts.Add(world.Fact(person, relation, swapped: false), world.Fact(person, relation, swapped: true),
                    world.Question(person, relation, 0), world.Value(person, relation));
            }

            AddTurns(ChatDialogue.About(world, person, choice: 4));
        }

        AddTurns(ChatDialogue.OfTasks(choice: 1, isHeldOut: false));
        AddTurns(ChatDialogue.OfTasks(choice: 2, isHeldOut: true));
        return $"Two persons for training and two held-out ones:\n\n{facts}\nDialogues:\n\n```\n{chats.ToString().TrimEnd()}\n```\n";

        void AddTurns(ChatDialogue dialogue)
        {
            foreach (ChatExchange turn in dialogue.Exchanges)
                chats.Append("> ").Append(turn.Question).Append('\n').Append(turn.Answer).Append('\n');
            chats.Append('\n');
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A Markdown table.</summary>
    private sealed class Table
    {
        private readonly StringBuilder _rows = new();

        public Table(params string[] heads)
        {
            Add(heads);
            Add([.. heads.Select(_ => "---")]);
        }

        public void Add(string first, IEnumerable<string> others) => Add([first, .. others]);

        public void Add(params string[] cells) => _rows.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

        public override string ToString() => _rows.ToString();
    }
}

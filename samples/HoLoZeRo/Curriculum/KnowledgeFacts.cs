using System.Text;
using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Samples.SyntheticData;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The facts of synthetic persons in two stores on disk: the true ones, and those with the values of other persons. It asks about persons,
/// finds facts in a store as a user's question would, and writes prompts.
/// </summary>
internal sealed class KnowledgeFacts : IDisposable
{
    /// <summary>Facts that a search returns. A prompt takes as many of them as it has room for.</summary>
    public const int Found = 8;

    /// <summary>Most facts of a sample that only has to be read.</summary>
    private const int MostToRead = 3;

    private static readonly Relation[] Relations = Enum.GetValues<Relation>();

    private readonly KnowledgeStore _true;
    private readonly KnowledgeStore _swapped;

    private KnowledgeFacts(BiographyWorld world, KnowledgeStore trueFacts, KnowledgeStore swappedFacts) =>
        (World, _true, _swapped) = (world, trueFacts, swappedFacts);

    /// <summary>The persons.</summary>
    public BiographyWorld World { get; }

    /// <summary>Text that identifies facts and questions.</summary>
    public string Fingerprint => $"{World.Options}, {Found} facts";

    /// <summary>Writes the facts into two stores of a folder, or uses those that are there.</summary>
    public static KnowledgeFacts Load(BiographyOptions options, string folder, WorkProgress progress, CancellationToken cancellationToken)
    {
        BiographyWorld world = new(options);
        KnowledgeStore trueFacts = Store(swapped: false);
        try
        {
            return new(world, trueFacts, Store(swapped: true));
        }
        catch
        {
            trueFacts.Dispose();
            throw;
        }

        KnowledgeStore Store(bool swapped)
        {
            string name = swapped ? "facts.swapped" : "facts.true", text = Path.Combine(folder, $"{name}.txt");
            // Training and held-out persons are in one store: a search has to tell them apart.
            File.WriteAllLines(text, world.Facts([.. world.Training, .. world.HeldOut], swapped));
            string path = Path.Combine(folder, $"{name}.db");
            var store = KnowledgeStore.OpenOrCreate(path);
            // The name of a source is its path. A folder that was moved would have each fact twice, and half of the searches fail.
            if (store.Sources().Any(source => source.Name != text))
            {
                store.Dispose();
                foreach (string file in (string[])[path, $"{path}-wal", $"{path}-shm"]) File.Delete(file);
                store = KnowledgeStore.OpenOrCreate(path);
            }

            try
            {
                store.AddFiles([text], new Importing(progress), cancellationToken);
                return store;
            }
            catch
            {
                store.Dispose();
                throw;
            }
        }
    }

    /// <summary>The random choices of a training sample.</summary>
    public static Draws ChoicesOf(SampleDraw draw) => new(Draws.Hash((ulong)draw.Seed, draw.Index));

    /// <summary>A question about a person for training, with what the store has found for it.</summary>
    public PromptSample Draw(SampleDraw draw, int mostBytes)
    {
        Draws choices = ChoicesOf(draw);
        return Ask(choices.OneOf(World.Training), choices, FactChoice.True, mostBytes).Sample;
    }

    /// <summary>Questions to score: the same ones at every call.</summary>
    /// <param name="count">How many.</param>
    /// <param name="isHeldOut">Whether they are about held-out persons, or about those of the training.</param>
    /// <param name="facts">Which facts the prompts have.</param>
    /// <param name="mostBytes">Maximum length of a prompt.</param>
    public IReadOnlyList<AskedQuestion> Questions(int count, bool isHeldOut, FactChoice facts, int mostBytes)
    {
        IReadOnlyList<Person> persons = isHeldOut ? World.HeldOut : World.Training;
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            // Every person of a small list, and both languages alike.
            Person person = persons[Math.Min((int)((long)i * persons.Count / count) / 2 * 2 + (i % 2), persons.Count - 1)];
            return Ask(person, new(Draws.Hash((ulong)World.Options.Seed, i, isHeldOut ? 1 : 0)), facts, mostBytes);
        })];
    }

    /// <summary>Writes facts of several persons, and a passage of them that begins anywhere.</summary>
    public void WriteCopy(Draws choices, bool isHeldOut, Span<short> facts, Span<short> passage)
    {
        IReadOnlyList<Person> persons = isHeldOut ? World.HeldOut : World.Training;
        for (Span<short> rest = facts; rest.Length > 0;)
        {
            byte[] fact = Encoding.UTF8.GetBytes(World.Fact(choices.OneOf(persons), choices.OneOf(Relations), swapped: false) + "\n");
            int length = Math.Min(fact.Length, rest.Length);
            for (int i = 0; i < length; i++) rest[i] = fact[i];
            rest = rest[length..];
        }

        facts.Slice(choices.Below(facts.Length - passage.Length + 1), passage.Length).CopyTo(passage);
    }

    /// <summary>
    /// A question with a few facts of its person, the asked one among them, in any order: as many as there is room for, at most
    /// <see cref="MostToRead"/>. Nothing is searched for.
    /// </summary>
    public PromptSample Reading(Draws choices, bool isHeldOut, int mostBytes)
    {
        Person person = choices.OneOf(isHeldOut ? World.HeldOut : World.Training);
        Relation[] relations = choices.Some(Relations, 1 + choices.Below(MostToRead));
        Relation asked = relations[0];
        string question = World.Question(person, asked, (ulong)choices.Below(int.MaxValue));
        byte[] prompt;
        do
        {
            IEnumerable<string> facts =
                choices.Some(relations, relations.Length).Select(relation => World.Fact(person, relation, swapped: false));
            prompt = ChatPrompt.Encode([new(ChatRole.System, string.Join('\n', facts)), new(ChatRole.User, question)]);
            relations = relations[..^1];
        }
        while (prompt.Length > mostBytes && relations.Length > 0);
        return Chats.Sample(prompt, World.Value(person, asked));
    }

    /// <summary>A dialogue about a person, up to an answer of the assistant.</summary>
    public PromptSample Dialogue(Person person, Draws choices, int mostBytes)
    {
        var dialogue = ChatDialogue.About(World, person, (ulong)choices.Below(int.MaxValue));
        (IReadOnlyList<ChatTurn> turns, string answer) = Chats.UpTo(dialogue, choices.Below(dialogue.Exchanges.Count));
        return Chats.Sample(KnowledgePrompt.Encode(_true.Search(KnowledgePrompt.Query(turns), Found), turns, mostBytes), answer);
    }

    public void Dispose()
    {
        _true.Dispose();
        _swapped.Dispose();
    }

    private AskedQuestion Ask(Person person, Draws choices, FactChoice facts, int mostBytes)
    {
        Relation relation = choices.OneOf(Relations);
        string question = World.Question(person, relation, (ulong)choices.Below(int.MaxValue));
        bool swapped = facts == FactChoice.Swapped;
        IReadOnlyList<FoundFact> found = facts == FactChoice.None ? [] : (swapped ? _swapped : _true).Search(question, Found);
        byte[] prompt = KnowledgePrompt.Encode(found, [new(ChatRole.User, question)], mostBytes);
        string answer = swapped ? World.SwappedValue(person, relation) : World.Value(person, relation);
        string right = World.Fact(person, relation, swapped);
        return new(
            Chats.Sample(prompt, answer), found.Index().FirstOrDefault(entry => entry.Item.Text == right, (-1, null!)).Index,
            prompt.AsSpan().IndexOf(Encoding.UTF8.GetBytes(right)) >= 0);
    }

    private sealed class Importing(WorkProgress progress) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => progress.Report(new(value.BytesDone, value.BytesTotal, Path.GetFileName(value.Source)));
    }
}

/// <summary>Which facts a prompt has.</summary>
internal enum FactChoice
{
    /// <summary>Those that the true store finds.</summary>
    True,

    /// <summary>Those that the swapped store finds.</summary>
    Swapped,

    /// <summary>None.</summary>
    None,
}

/// <summary>A question with its prompt and answer.</summary>
/// <param name="Sample">Prompt and answer.</param>
/// <param name="Rank">Place of the right fact among those that were found, from 0; -1 if it was not found.</param>
/// <param name="IsInPrompt">Whether the right fact is in the prompt.</param>
internal sealed record AskedQuestion(PromptSample Sample, int Rank, bool IsInPrompt);

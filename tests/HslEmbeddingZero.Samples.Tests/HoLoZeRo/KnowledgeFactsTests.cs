using System.Text;
using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Samples.SyntheticData;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

public sealed class KnowledgeFactsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly KnowledgeFacts _facts;

    public KnowledgeFactsTests()
    {
        using WorkProgress progress = new(TextWriter.Null, null, "storing facts", TimeProvider.System);
        BiographyOptions options = new() { Persons = 40, HeldOutPersons = 20 };
        _facts = KnowledgeFacts.Load(options, _folder.FullName, progress, CancellationToken.None);
    }

    public void Dispose()
    {
        _facts.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_folder_that_was_moved_has_each_fact_once()
    {
        DirectoryInfo moved = Directory.CreateDirectory(_folder.PathOf("moved"));
        foreach (string file in Directory.GetFiles(_folder.FullName)) File.Copy(file, Path.Combine(moved.FullName, Path.GetFileName(file)));
        using WorkProgress progress = new(TextWriter.Null, null, "storing facts", TimeProvider.System);
        using (var again = KnowledgeFacts.Load(_facts.World.Options, moved.FullName, progress, CancellationToken.None))
            Assert.Equal(_facts.Questions(20, true, FactChoice.True, 416), again.Questions(20, true, FactChoice.True, 416), Same);
        using var store = KnowledgeStore.OpenRead(Path.Combine(moved.FullName, "facts.true.db"));
        Assert.Equal((360, 1), (store.Count, store.SourceCount));

        static bool Same(AskedQuestion one, AskedQuestion other) =>
            one.Rank == other.Rank && one.Sample.Prompt.Span.SequenceEqual(other.Sample.Prompt.Span);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_to_be_read_has_the_answer_among_one_to_three_facts_of_one_person(bool isHeldOut)
    {
        IReadOnlyList<Person> persons = isHeldOut ? _facts.World.HeldOut : _facts.World.Training;
        string[] names = [.. persons.Select(person => person.Name)];
        HashSet<int> counts = [], placesOfThree = [];
        for (ulong seed = 0; seed < 300; seed++)
        {
            PromptSample sample = _facts.Reading(new(seed), isHeldOut, mostBytes: 416);
            string[] parts = Encoding.UTF8.GetString(sample.Prompt.Span).Split("\n<|");
            string[] facts = parts[0].Split('\n')[1..];
            string question = parts[1], answer = Encoding.UTF8.GetString(sample.Answer.Span);
            string name = Assert.Single(names, name => question.Contains(name, StringComparison.Ordinal));
            Assert.All(facts, fact => Assert.Contains(name, fact, StringComparison.Ordinal));
            int place = Array.FindIndex(facts, fact => fact.Contains(answer, StringComparison.Ordinal));
            Assert.InRange(place, 0, facts.Length - 1);
            counts.Add(facts.Length);
            if (facts.Length == 3) placesOfThree.Add(place);
        }

        Assert.Equal([1, 2, 3], counts.Order());
        Assert.Equal([0, 1, 2], placesOfThree.Order()); // the place tells nothing
    }

    [Fact]
    public void Where_room_is_short_the_fact_of_the_answer_stays()
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            PromptSample sample = _facts.Reading(new(seed), isHeldOut: false, mostBytes: 1);
            string prompt = Encoding.UTF8.GetString(sample.Prompt.Span);
            Assert.Equal(3, prompt.Split("\n<|")[0].Split('\n').Length + 1);
            Assert.Contains(Encoding.UTF8.GetString(sample.Answer.Span), prompt, StringComparison.Ordinal);
        }
    }
}

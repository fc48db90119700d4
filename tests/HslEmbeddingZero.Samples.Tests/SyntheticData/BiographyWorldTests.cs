using System.Security.Cryptography;
using System.Text;
using HslEmbeddingZero.Samples.SyntheticData;

namespace HslEmbeddingZero.Samples.Tests.SyntheticData;

public sealed class BiographyWorldTests
{
    private static readonly BiographyWorld World = new(new() { Persons = 500, HeldOutPersons = 60 });
    private static readonly Relation[] Relations = Enum.GetValues<Relation>();

    public static TheoryData<Language, Relation> Lists
    {
        get
        {
            TheoryData<Language, Relation> lists = [];
            foreach (Relation relation in Relations)
            {
                lists.Add(Language.English, relation);
                lists.Add(Language.Korean, relation);
            }

            return lists;
        }
    }

    private static IEnumerable<Person> Persons => World.Training.Concat(World.HeldOut);

    [Fact]
    public void No_name_is_a_part_of_another()
    {
        string[] names = [.. Persons.Select(person => person.Name)];
        Assert.Equal(560, names.Distinct().Count());
        Assert.All(names, name => Assert.Single(names, other => other.Contains(name, StringComparison.Ordinal)));
        Assert.All(names, name => Assert.InRange(Encoding.UTF8.GetByteCount(name), 9, 20));
    }

    [Fact]
    public void There_are_names_for_the_largest_world()
    {
        BiographyWorld largest = new(new()
        {
            Persons = BiographyOptions.MostPersons,
            HeldOutPersons = BiographyOptions.MostHeldOutPersons,
        });
        Assert.Equal(60_000, largest.Training.Concat(largest.HeldOut).Select(person => person.Name).Distinct().Count());
    }

    [Fact]
    public void Held_out_persons_have_given_names_of_their_own()
    {
        Assert.Empty(World.Training.Select(Given).Intersect(World.HeldOut.Select(Given)));
        Assert.All(Persons, person => Assert.Equal(person.IsHeldOut, World.HeldOut.Contains(person)));

        static string Given(Person person) => person.Language == Language.English ? person.Name.Split(' ')[0] : person.Name[^2..];
    }

    [Fact]
    public void Half_of_the_persons_are_Korean_and_their_texts_too()
    {
        Assert.Equal(250, World.Training.Count(person => person.Language == Language.Korean));
        Assert.Equal(30, World.HeldOut.Count(person => person.Language == Language.Korean));
        Assert.All(Persons, person => Assert.All(Relations, relation =>
        {
            bool isKorean = World.Fact(person, relation, swapped: false).Any(letter => letter >= '가');
            Assert.Equal(person.Language == Language.Korean, isKorean);
        }));
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public void No_value_is_a_part_of_another(Language language, Relation relation)
    {
        IReadOnlyList<string> values = WordLists.ValuesOf(language, relation);
        Assert.InRange(values.Count, 200, 500);
        Assert.All(values, value =>
        {
            Assert.Single(values, other => other.Contains(value, StringComparison.Ordinal));
            Assert.InRange(Encoding.UTF8.GetByteCount(value), 1, WordLists.MostValueBytes);
            Assert.DoesNotContain(
                Relations.Where(other => other != relation), other => WordLists.ValuesOf(language, other).Contains(value));
        });
    }

    /// <summary>Each with the longest name and value, and with the shortest.</summary>
    [Theory]
    [MemberData(nameof(Lists))]
    public void Every_fact_and_question_has_20_phrasings_that_keep_name_and_value(Language language, Relation relation)
    {
        var phrasings = Phrasings.Of(language, relation);
        Assert.InRange(phrasings.Facts.Distinct().Count(), 20, phrasings.Facts.Count);
        Assert.InRange(phrasings.Questions.Distinct().Count(), 20, phrasings.Questions.Count);
        Assert.InRange(phrasings.FollowUps.Distinct().Count(), 8, phrasings.FollowUps.Count);
        string[] names = [.. from person in Persons where person.Language == language orderby person.Name.Length select person.Name];
        string[] values = [.. WordLists.ValuesOf(language, relation).OrderBy(value => value.Length)];
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[(names[0], values[0]), (names[^1], values[^1])])
        {
            Assert.All(phrasings.Facts, phrasing =>
            {
                string fact = Phrasing.Fill(phrasing, ("name", name), ("value", value));
                Assert.Contains(name, fact, StringComparison.Ordinal);
                Assert.Contains(value, fact, StringComparison.Ordinal);
                Assert.EndsWith(".", fact, StringComparison.Ordinal);
                Assert.InRange(Encoding.UTF8.GetByteCount(fact), 25, 100);
            });
            Assert.All(phrasings.Questions, phrasing =>
            {
                string question = Phrasing.Fill(phrasing, ("name", name));
                Assert.Contains(name, question, StringComparison.Ordinal);
                Assert.Matches("[?.]$", question);
            });
        }

        Assert.All(phrasings.FollowUps, phrasing => Assert.Matches(@"^[^{}]+[?.]$", phrasing));
    }

    [Fact]
    public void No_phrasing_belongs_to_two_relations()
    {
        Assert.All(Enum.GetValues<Language>(), language =>
        {
            string[] all =
            [
                .. Relations.Select(relation => Phrasings.Of(language, relation))
                    .SelectMany(phrasings => (string[])[.. phrasings.Facts, .. phrasings.Questions, .. phrasings.FollowUps]),
            ];
            Assert.Equal(all.Length, all.Distinct().Count());
        });
    }

    [Fact]
    public void A_fact_holds_the_answer_and_the_swapped_one_that_of_another_person()
    {
        Assert.All(Persons, person => Assert.All(Relations, relation =>
        {
            string value = World.Value(person, relation), other = World.SwappedValue(person, relation);
            string fact = World.Fact(person, relation, swapped: false), swapped = World.Fact(person, relation, swapped: true);
            Assert.NotEqual(value, other);
            Assert.Contains(value, fact, StringComparison.Ordinal);
            Assert.Contains(person.Name, fact, StringComparison.Ordinal);
            Assert.Contains(other, swapped, StringComparison.Ordinal);
            Assert.DoesNotContain(value, swapped, StringComparison.Ordinal);
            Assert.Contains(person.IsHeldOut ? World.HeldOut : World.Training, someone =>
                someone.Language == person.Language && World.Value(someone, relation) == other);
        }));
    }

    /// <summary>Of English persons, whose values have no particles. The article of an occupation depends on the value.</summary>
    [Fact]
    public void The_swapped_fact_has_the_phrasing_of_the_true_one()
    {
        Assert.All(Persons.Where(person => person.Language == Language.English), person =>
            Assert.All(Relations.Where(relation => relation != Relation.Occupation), relation => Assert.Equal(
                World.Fact(person, relation, swapped: false)
                    .Replace(World.Value(person, relation), World.SwappedValue(person, relation), StringComparison.Ordinal),
                World.Fact(person, relation, swapped: true))));
    }

    [Fact]
    public void Choices_in_a_row_give_all_phrasings_of_a_question()
    {
        Person person = World.HeldOut[1];
        int count = BiographyWorld.QuestionPhrasings(person.Language, Relation.School);
        string[] questions =
        [
            .. Enumerable.Range(0, count).Select(choice => World.Question(person, Relation.School, ulong.MaxValue - 5 - (ulong)choice)),
        ];
        Assert.Equal(count, questions.Distinct().Count());
        Assert.All(questions, question => Assert.Contains(person.Name, question, StringComparison.Ordinal));
    }

    [Fact]
    public void The_facts_of_a_store_are_lines()
    {
        string[] facts = [.. World.Facts(World.HeldOut, swapped: false)];
        Assert.Equal(360, facts.Length);
        Assert.All(facts, fact => Assert.DoesNotContain('\n', fact));
        Assert.Equal(World.Fact(World.HeldOut[2], Relation.Dish, swapped: false), facts[17]);
    }

    [Fact]
    public void A_larger_world_begins_with_the_smaller_one()
    {
        BiographyWorld larger = new(new() { Persons = 600, HeldOutPersons = 100 });
        Assert.Equal(World.Training, larger.Training.Take(500));
        Assert.Equal(World.HeldOut, larger.HeldOut.Take(60));
        Assert.Equal(World.Facts(World.Training, swapped: false), larger.Facts(larger.Training.Take(500), swapped: false));
    }

    [Fact]
    public void Another_seed_gives_other_persons_and_facts()
    {
        BiographyWorld other = new(new() { Seed = 1, Persons = 500, HeldOutPersons = 60 });
        Assert.InRange(World.Training.Zip(other.Training).Count(pair => pair.First.Name == pair.Second.Name), 0, 5);
        Assert.InRange(Persons.Count(person => World.Value(person, Relation.Dish) == other.Value(person, Relation.Dish)), 0, 20);
    }

    /// <summary>The texts of a seed stay the same in every process and version. A change of the lists or phrasings changes this.</summary>
    [Fact]
    public void A_small_world_has_the_committed_texts()
    {
        BiographyWorld world = new(new() { Seed = 7, Persons = 20, HeldOutPersons = 20 });
        IEnumerable<string> texts =
            from person in world.Training.Concat(world.HeldOut)
            from relation in Relations
            from text in (string[])
            [
                world.Fact(person, relation, swapped: false), world.Fact(person, relation, swapped: true),
                world.Question(person, relation, 3),
            ]
            select text + '\n';
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(texts)));
        Assert.Equal("657AFB36B33EA8FA", Convert.ToHexString(digest.AsSpan(0, 8)));
    }

    [Theory]
    [InlineData(19, 60, "Persons must be from 20 to 50000.")]
    [InlineData(50_001, 60, "Persons must be from 20 to 50000.")]
    [InlineData(500, 19, "HeldOutPersons must be from 20 to 10000.")]
    [InlineData(500, 10_001, "HeldOutPersons must be from 20 to 10000.")]
    public void Options_out_of_range_are_refused_with_name_value_and_limits(int persons, int heldOut, string expected)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(
            () => new BiographyWorld(new() { Persons = persons, HeldOutPersons = heldOut }));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(persons == 500 ? $"{heldOut}" : $"{persons}", error.Message, StringComparison.Ordinal);
    }
}

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>What a <see cref="BiographyWorld"/> holds.</summary>
public sealed record BiographyOptions
{
    /// <summary>Fewest persons of a list, so that another person of the same language has another value.</summary>
    public const int FewestPersons = 20;

    /// <summary>Most persons for training: there are enough names for them.</summary>
    public const int MostPersons = 50_000;

    /// <summary>Most held-out persons: there are enough names for them.</summary>
    public const int MostHeldOutPersons = 10_000;

    /// <summary>The same seed gives the same world. A world with more persons begins with those of a smaller one.</summary>
    /// <value>Any number. Default: 0.</value>
    public int Seed { get; init; }

    /// <summary>Persons for training. Every second one is Korean, the others English.</summary>
    /// <value>From 20 to 50,000. Default: 20,000.</value>
    public int Persons { get; init; } = 20_000;

    /// <summary>Persons that training does not see, in the same two languages.</summary>
    /// <value>From 20 to 10,000. Default: 2,000.</value>
    public int HeldOutPersons { get; init; } = 2_000;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range. The message names it, and the range.</exception>
    public void Validate()
    {
        Check(nameof(Persons), Persons, MostPersons);
        Check(nameof(HeldOutPersons), HeldOutPersons, MostHeldOutPersons);
    }

    private static void Check(string name, int value, int most)
    {
        if (value < FewestPersons || value > most)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {FewestPersons} to {most}.");
    }
}

/// <summary>
/// Invented persons with six facts each, and two stores of the same schema: the true one, and one where each fact has the value of another
/// person. Every text is a pure function of the options.
/// </summary>
public sealed class BiographyWorld
{
    private static readonly Relation[] Relations = Enum.GetValues<Relation>();

    private readonly ulong _seed;

    /// <param name="options">Seed and sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public BiographyWorld(BiographyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        _seed = (ulong)options.Seed;
        Training = Create(options.Persons, isHeldOut: false);
        HeldOut = Create(options.HeldOutPersons, isHeldOut: true);
    }

    private enum Stream
    {
        Name,
        Value,
        Phrasing,
        Swap,
    }

    /// <summary>Seed and sizes.</summary>
    public BiographyOptions Options { get; }

    /// <summary>Persons for training.</summary>
    public IReadOnlyList<Person> Training { get; }

    /// <summary>Persons that training does not see. Their names, and their given names, differ from those for training.</summary>
    public IReadOnlyList<Person> HeldOut { get; }

    /// <summary>Number of phrasings of a question.</summary>
    public static int QuestionPhrasings(Language language, Relation relation) => Phrasings.Of(language, relation).Questions.Count;

    /// <summary>The true value. It is the whole answer to a question, and stands in the true fact byte for byte.</summary>
    public string Value(Person person, Relation relation)
    {
        ArgumentNullException.ThrowIfNull(person);
        IReadOnlyList<string> values = WordLists.ValuesOf(person.Language, relation);
        return values[Draws.Below(Hash(Stream.Value, person, (long)relation), values.Count)];
    }

    /// <summary>
    /// The value of another person of the same language, and of the same list. It differs from the true one. All six values come from one
    /// other person, except where that person's value is the true one. Who that is depends on the number of persons too.
    /// </summary>
    public string SwappedValue(Person person, Relation relation)
    {
        ArgumentNullException.ThrowIfNull(person);
        string own = Value(person, relation);
        IReadOnlyList<Person> persons = person.IsHeldOut ? HeldOut : Training;
        int first = Draws.Below(Hash(Stream.Swap, person), persons.Count);
        return Enumerable.Range(first, persons.Count).Select(index => persons[index % persons.Count])
            .Where(other => other.Language == person.Language).Select(other => Value(other, relation))
            .First(value => value != own);
    }

    /// <summary>The sentence in the store. The swapped one has the same phrasing.</summary>
    /// <param name="person">A person of this world.</param>
    /// <param name="relation">What the sentence tells.</param>
    /// <param name="swapped">Whether it tells <see cref="SwappedValue"/>.</param>
    public string Fact(Person person, Relation relation, bool swapped)
    {
        ArgumentNullException.ThrowIfNull(person);
        IReadOnlyList<string> facts = Phrasings.Of(person.Language, relation).Facts;
        string phrasing = facts[Draws.Below(Hash(Stream.Phrasing, person, (long)relation), facts.Count)];
        string value = swapped ? SwappedValue(person, relation) : Value(person, relation);
        return Phrasing.Fill(phrasing, ("name", person.Name), ("value", value));
    }

    /// <summary>A question. Its answer is <see cref="Value"/>, or <see cref="SwappedValue"/> where the swapped store is given.</summary>
    /// <param name="person">A person of this world.</param>
    /// <param name="relation">What is asked.</param>
    /// <param name="choice">Any number. <see cref="QuestionPhrasings"/> numbers in a row give all phrasings.</param>
    public string Question(Person person, Relation relation, ulong choice)
    {
        ArgumentNullException.ThrowIfNull(person);
        IReadOnlyList<string> questions = Phrasings.Of(person.Language, relation).Questions;
        ulong phrasing = (Hash(Stream.Phrasing, person, (long)relation) + choice) % (ulong)questions.Count;
        return Phrasing.Fill(questions[(int)phrasing], ("name", person.Name));
    }

    /// <summary>All facts about several persons, to be imported into a store: six a person, each one line.</summary>
    public IEnumerable<string> Facts(IEnumerable<Person> persons, bool swapped) =>
        from person in persons from relation in Relations select Fact(person, relation, swapped);

    private ulong Hash(Stream stream, Person person, long part = 0) => Hash(stream, person.IsHeldOut, person.Index, part);

    private ulong Hash(Stream stream, bool isHeldOut, int index, long part = 0) =>
        Draws.Hash(_seed, (long)stream, isHeldOut ? 1 : 0, index, part);

    private Person[] Create(int count, bool isHeldOut)
    {
        HashSet<string> taken = [];
        Dictionary<Language, string[]> given =
            Enum.GetValues<Language>().ToDictionary(language => language, language => WordLists.GivenNames(language, isHeldOut));
        return [.. Enumerable.Range(0, count).Select(index => CreateOne(index))];

        Person CreateOne(int index)
        {
            Language language = index % 2 == 0 ? Language.English : Language.Korean;
            Draws draws = new(Hash(Stream.Name, isHeldOut, index));
            string name;
            do
            {
                string first = draws.OneOf(given[language]), family = draws.OneOf(WordLists.FamilyNames(language));
                name = language == Language.English ? $"{first} {family}" : family + first;
            }
            while (!taken.Add(name));
            return new Person(index, isHeldOut, language, name);
        }
    }
}

using System.Globalization;
using System.Text;
using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Samples.SyntheticData;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

/// <summary>The command ask with the shipped model, about persons that its training never saw.</summary>
public sealed class AskTests(AskTests.Persons persons) : IClassFixture<AskTests.Persons>, IDisposable
{
    private const string Assembly = "HoLoZeRo.dll";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_answer_is_on_standard_output_and_its_facts_are_on_standard_error()
    {
        Question asked = persons.Read(Language.English);
        (int code, string output, string error) = SampleProcess.Run(Assembly, "ask", asked.Text);
        Assert.Equal((0, asked.Right + "\n"), (code, output));
        string[] facts = error.TrimEnd().Split('\n');
        Assert.All(facts, fact => Assert.Matches(@"^ *\d+\.\d\d  .+  \[(held-out persons|persons of the training), byte \d+\]$", fact));
        string right = persons.World.Fact(asked.Person, asked.Relation, swapped: false);
        Assert.Contains(facts, fact => fact.Contains(right, StringComparison.Ordinal));
    }

    [Fact]
    public void A_swapped_store_gives_the_swapped_answer_and_no_store_neither()
    {
        Question asked = persons.Read(Language.English);
        Assert.Equal(asked.Swapped + "\n", SampleProcess.Run(Assembly, "ask", asked.Text, "--swap").Output);
        (int code, string output, string error) = SampleProcess.Run(Assembly, "ask", asked.Text, "--no-store");
        Assert.Equal((0, ""), (code, error));
        Assert.DoesNotContain(asked.Right, output, StringComparison.Ordinal);
        Assert.DoesNotContain(asked.Swapped, output, StringComparison.Ordinal);
    }

    [Fact]
    public void Bits_that_the_facts_saved_are_shown_for_each_character()
    {
        Question asked = persons.Read(Language.Korean);
        (int code, string output, string error) = SampleProcess.Run(Assembly, "ask", asked.Text, "--bits", "--facts", "6");
        Assert.Equal((0, asked.Right + "\n"), (code, output));
        string[] lines = error.TrimEnd().Split('\n');
        Assert.InRange(lines.Length, 2, 7);
        Assert.Matches(@"^\d+\.\d bits with the facts, \d+\.\d without\. Saved: ", lines[^1]);
        string[] saved = lines[^1][(lines[^1].IndexOf("Saved: ", StringComparison.Ordinal) + 7)..].Split(", ");
        Assert.Equal(asked.Right.EnumerateRunes().Select(rune => rune.ToString()), saved.Select(one => one[..one.LastIndexOf(' ')]));
        Assert.True(saved.Sum(one => double.Parse(one[one.LastIndexOf(' ')..], CultureInfo.InvariantCulture)) > 0);
    }

    /// <summary>Two chats: the second question of the first one does not say whom it is about.</summary>
    [Fact]
    public void Lines_are_questions_of_a_chat()
    {
        Question asked = persons.Read(Language.English), other = persons.Read(Language.Korean);
        string tooLong = new('x', 2000);
        string questions = _folder.Write("questions.txt", $"{asked.Text}\n\n/new\n{tooLong}\n{other.Text}\n");
        (int code, byte[] output, string error) =
            SampleProcess.RunInShell(_folder.FullName, Assembly, $"{{0}} ask < '{questions}'");
        Assert.Equal((0, $"{asked.Right}\n{other.Right}\n"), (code, Encoding.UTF8.GetString(output)));
        Assert.Contains("error: The question takes ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Invented persons", error, StringComparison.Ordinal); // a greeting is for a terminal
    }

    [Fact]
    public void A_store_of_ones_own_is_searched()
    {
        string text = _folder.Write("town.txt", "Zanira Quell was born in Skelmere. Zanira Quell works as a river historian.");
        string store = _folder.PathOf("own.db");
        Assert.Equal(0, SampleProcess.Run(Assembly, "knowledge", "add", text, "--store", store).ExitCode);
        (int code, string output, string error) = SampleProcess.Run(Assembly, "ask", "Where was Zanira Quell born?", "--store", store);
        Assert.Equal((0, "Skelmere\n"), (code, output));
        Assert.Contains($"[{text}, byte 0]", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--swap cannot be combined with --store: only the invented persons have swapped facts.", "--swap", "--store", "x.db")]
    [InlineData("--no-store cannot be combined with --store.", "--no-store", "--store", "x.db")]
    [InlineData("--no-store cannot be combined with --swap.", "--no-store", "--swap")]
    [InlineData("there is no such file. 'knowledge add FILE' makes it.", "--store", "x.db")]
    [InlineData("it must name a file", "--store", "")]
    public void Options_that_contradict_each_other_are_refused(string message, params string[] options)
    {
        (int code, string output, string error) = SampleProcess.Run(Assembly, ["ask", "Who?", .. options]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_was_not_trained_to_read_facts_is_refused()
    {
        string weights = Path.Combine(AppContext.BaseDirectory, "weights", "holo-zero-small.safetensors");
        (int code, _, string error) = SampleProcess.Run(Assembly, "ask", "Who?", "--weights", weights);
        Assert.Equal(1, code);
        Assert.StartsWith($"error: {weights}: The metadata of the model has no 'prompt_bytes'", error, StringComparison.Ordinal);
        Assert.Contains("'curriculum' trains such a model", error, StringComparison.Ordinal);
    }

    /// <summary>A question whose answers the shipped model reads from the true store and from the swapped one.</summary>
    internal sealed record Question(Person Person, Relation Relation, string Text, string Right, string Swapped);

    /// <summary>The persons, and a chat over each of their stores.</summary>
    public sealed class Persons : IDisposable
    {
        private readonly KnowledgeStore _true, _swapped;
        private readonly KnowledgeChat _chat, _swappedChat;

        public Persons()
        {
            (_true, _swapped) = (AskCommand.Persons(World, swapped: false), AskCommand.Persons(World, swapped: true));
            var model = ByteDecoder.Load(Path.Combine(AppContext.BaseDirectory, "weights", "holo-small.safetensors"));
            var options = KnowledgeChatOptions.FromMetadata(model.Metadata);
            (_chat, _swappedChat) = (new(model, _true, options), new(model, _swapped, options));
        }

        internal BiographyWorld World { get; } = new(new());

        /// <summary>The first question in a language that is answered rightly from both stores.</summary>
        internal Question Read(Language language) => (
            from person in World.HeldOut
            where person.Language == language
            from relation in Enum.GetValues<Relation>()
            let question = World.Question(person, relation, choice: 0)
            let right = World.Value(person, relation)
            let swapped = World.SwappedValue(person, relation)
            where Answer(_chat, question) == right && Answer(_swappedChat, question) == swapped
            select new Question(person, relation, question, right, swapped)).First();

        public void Dispose()
        {
            _true.Dispose();
            _swapped.Dispose();
        }

        private static string Answer(KnowledgeChat chat, string question)
        {
            chat.Reset();
            return chat.Ask(question).Text;
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Samples.SyntheticData;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

/// <summary>The small model that reads facts, which comes with the sample, and its card.</summary>
public sealed class ShippedReaderTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "weights");
    private static readonly string Weights = Path.Combine(Folder, "holo-small.safetensors");
    private static readonly string Card = File.ReadAllText(Path.Combine(Folder, "holo-small.md"));

    [Fact]
    public void It_is_small_and_says_where_it_comes_from()
    {
        Assert.InRange(new FileInfo(Weights).Length, 1, 10 << 20);
        var model = ByteDecoder.Load(Weights);
        Assert.Equal(0, model.DoorParameterCount);
        Assert.Contains(model.ParameterCount.ToString("N0", CultureInfo.InvariantCulture), Card, StringComparison.Ordinal);
        IReadOnlyDictionary<string, string> metadata = model.Metadata;
        Assert.Equal(("windows", "0", "CC-BY-SA-3.0"), (metadata["stage"], metadata["seed"], metadata["licence"]));
        Assert.Contains(metadata["licence"], Card, StringComparison.Ordinal);
        Assert.Equal(new BiographyOptions().ToString(), metadata["persons"]); // the held-out persons of a new world were held out
        foreach (KeyValuePair<string, JsonNode?> file in JsonNode.Parse(metadata["corpus"])!.AsObject())
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", file.Key));
            Assert.Equal((string)file.Value!, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
    }

    [Fact]
    public void The_cards_numbers_are_those_of_the_file()
    {
        JsonNode scores = JsonNode.Parse(ByteDecoder.Load(Weights).Metadata["scores"])!;
        foreach (string source in (string[])["text", "knowledge", "chat", "video", "caption"])
            Assert.Equal(Math.Round((double)scores[source]!["bitsPerByte"]!, 3), Number(source));
        JsonNode gaps = scores["knowledge"]!["gaps"]!;
        Assert.Equal(Math.Round((double)gaps["grounding"]!, 3), Number("grounding gap"));
        Assert.Equal(Math.Round((double)gaps["no-facts"]!, 3), Number("gap without facts"));
        foreach ((string row, string source) in
            (ReadOnlySpan<(string, string)>)[("right facts", "knowledge"), ("swapped facts", "swapped"), ("no facts", "recall")])
            Assert.Equal(Math.Round(100 * (double)scores[source]!["exactMatch"]!, 1), Number($"exact answers, {row}"));

        static double Number(string row)
        {
            Match match = Regex.Match(Card, $@"^\| {Regex.Escape(row)} \| ([-+.\d]+)( %)? \|", RegexOptions.Multiline);
            Assert.True(match.Success, $"The card has no row '{row}'.");
            return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>
    /// Through the library, as a user asks: right facts give the right answer, swapped facts the swapped one, and without facts the model
    /// knows nothing. It is less often right than its card says: in a small store the search finds the right fact less often.
    /// </summary>
    [Fact]
    public void It_answers_as_its_store_says()
    {
        const int asked = 48;
        BiographyWorld world = new(new());
        using KnowledgeStore right = AskCommand.Persons(world, swapped: false), swapped = AskCommand.Persons(world, swapped: true);
        var model = ByteDecoder.Load(Weights);
        var options = KnowledgeChatOptions.FromMetadata(model.Metadata);
        int readRight = 0, readSwapped = 0, known = 0;
        for (int i = 0; i < asked; i++)
        {
            Person person = world.HeldOut[i];
            var relation = (Relation)(i / 2 % 6);
            string question = world.Question(person, relation, choice: (ulong)i);
            if (Answer(right) == world.Value(person, relation)) readRight++;
            if (Answer(swapped) == world.SwappedValue(person, relation)) readSwapped++;
            if (Answer(null) == world.Value(person, relation)) known++;

            string Answer(KnowledgeStore? store) => new KnowledgeChat(model, store, options).Ask(question).Text;
        }

        Assert.InRange(readRight, 0.5 * asked, asked);
        Assert.InRange(readSwapped, 0.5 * asked, asked);
        Assert.InRange(known, 0, 0.05 * asked);
    }
}

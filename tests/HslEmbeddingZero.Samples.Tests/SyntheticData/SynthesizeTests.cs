using System.Text.Json.Nodes;
using HslEmbeddingZero.Samples.SyntheticData;
using HslEmbeddingZero.Samples.Tests.HoLoZeRo;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.SyntheticData;

public sealed class SynthesizeTests : IDisposable
{
    private static readonly BiographyWorld World = new(new() { Seed = 5, Persons = 30, HeldOutPersons = 20 });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_files_hold_the_texts_of_the_world()
    {
        (int exitCode, string output, string error) = SampleProcess.Run(TrainedModel.Assembly,
            ["synthesize", "--seed", "5", "--persons", "30", "--held-out-persons", "20", "--out", _folder.PathOf("data")]);
        Assert.True(exitCode == 0, error);
        Assert.Contains(_folder.PathOf("data"), output, StringComparison.Ordinal);
        CheckSplit("training", World.Training);
        CheckSplit("held-out", World.HeldOut);
        Assert.Equal(DataCard.Markdown(World), File.ReadAllText(_folder.PathOf("data/card.md")));
    }

    [Theory]
    [InlineData("--persons 19", "--persons takes whole numbers from 20 to 50000; got '19'.")]
    [InlineData("--held-out-persons 10001", "--held-out-persons takes whole numbers from 20 to 10000; got '10001'.")]
    public void Numbers_out_of_range_are_refused(string options, string expected)
    {
        (int exitCode, _, string error) = SampleProcess.Run(
            TrainedModel.Assembly, ["synthesize", .. options.Split(' '), "--out", _folder.PathOf("data")]);
        Assert.Equal(1, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.PathOf("data")));
    }

    private void CheckSplit(string split, IReadOnlyList<Person> persons)
    {
        Assert.Equal(World.Facts(persons, swapped: false), Lines("facts.true.txt"));
        Assert.Equal(World.Facts(persons, swapped: true), Lines("facts.swapped.txt"));
        JsonNode question = JsonNode.Parse(Lines("questions.jsonl")[6 + (int)Relation.School])!;
        Assert.Equal(6 * persons.Count, Lines("questions.jsonl").Length);
        Assert.Equal(
            [
                persons[1].Name, "korean", "school", World.Question(persons[1], Relation.School, 0),
                World.Value(persons[1], Relation.School), World.SwappedValue(persons[1], Relation.School),
            ],
            question.AsObject().Select(field => (string?)field.Value));
        Assert.Equal(persons.Count, Lines("chat.jsonl").Length);
        foreach ((Person person, string line) in persons.Zip(Lines("chat.jsonl")))
        {
            JsonNode chat = JsonNode.Parse(line)!;
            var expected = ChatDialogue.About(World, person, 0);
            Assert.Equal(
                expected.Exchanges,
                chat["turns"]!.AsArray().Select(turn => new ChatExchange($"{turn!["question"]}", $"{turn["answer"]}")));
            Assert.Equal(expected.Asked, chat["asked"]!.AsArray().Select(asked => Enum.Parse<Relation>($"{asked}", ignoreCase: true)));
        }

        string[] answers = [.. Lines("tasks.jsonl").Select(line => $"{JsonNode.Parse(line)!["answer"]}")];
        Assert.Equal(
            Enumerable.Range(0, persons.Count).Select(choice =>
                (split == "training" ? ProceduralTasks.Training((ulong)choice) : ProceduralTasks.HeldOut((ulong)choice)).Answer),
            answers);

        string[] Lines(string name) => File.ReadAllLines(_folder.PathOf($"data/{split}/{name}"));
    }
}

using HslEmbeddingZero.Samples.SyntheticData;

namespace HslEmbeddingZero.Samples.Tests.SyntheticData;

public sealed class DataCardTests
{
    private static readonly string Committed =
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Committed", "synthetic", "README.md"));

    /// <summary>After a change of the data, the card.md of synthesize is the new page.</summary>
    [Fact]
    public void The_committed_card_is_what_the_code_computes() =>
        Assert.Equal(Committed.ReplaceLineEndings("\n"), DataCard.Markdown(new BiographyWorld(new())));

    [Fact]
    public void Its_checks_found_nothing()
    {
        string checks = Committed.ReplaceLineEndings("\n").Split("## Checks\n\n")[1].Split("\n\n")[0];
        string[] rows = checks.Split('\n')[2..];
        Assert.Equal(6, rows.Length);
        Assert.All(rows, row => Assert.EndsWith("| 0 |", row, StringComparison.Ordinal));
    }

    [Fact]
    public void It_names_options_that_differ_from_the_defaults_and_their_numbers()
    {
        string card = DataCard.Markdown(new BiographyWorld(new() { Seed = 3, Persons = 40, HeldOutPersons = 20 }));
        Assert.Contains("-- synthesize --seed 3 --persons 40 --held-out-persons 20\n", card, StringComparison.Ordinal);
        Assert.Contains("| persons | 40 | 20 |\n", card, StringComparison.Ordinal);
        Assert.Contains("| facts | 240 | 120 |\n", card, StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_interrupted() => Assert.Throws<OperationCanceledException>(
        () => DataCard.Markdown(new BiographyWorld(new() { Persons = 40, HeldOutPersons = 20 }), new CancellationToken(canceled: true)));
}

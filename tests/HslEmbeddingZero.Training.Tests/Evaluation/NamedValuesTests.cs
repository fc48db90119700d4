namespace HslEmbeddingZero.Training.Tests.Evaluation;

public sealed class NamedValuesTests
{
    [Fact]
    public void Values_keep_their_order_and_are_found_by_name()
    {
        NamedValues values = Of(("text", 2.1459), ("video", 5.3), ("caption", double.NaN));
        Assert.Equal(3, values.Count);
        Assert.Equal(["text", "video", "caption"], values.Keys);
        Assert.Equal([2.1459, 5.3, double.NaN], values.Values);
        Assert.Equal(["text", "video", "caption"], values.Select(pair => pair.Key));
        Assert.Equal(5.3, values["video"]);
        Assert.True(values.ContainsKey("caption"));
        Assert.False(values.ContainsKey("Caption"));
        Assert.True(values.TryGetValue("text", out double text));
        Assert.Equal(2.1459, text);
        Assert.False(values.TryGetValue("sound", out double none));
        Assert.Equal(0, none);
        Assert.Equal("text 2.146, video 5.300, caption NaN", values.ToString());
    }

    [Fact]
    public void Values_are_equal_where_names_numbers_and_order_are()
    {
        NamedValues values = Of(("a", 1), ("b", double.NaN));
        Assert.Equal(values, Of(("a", 1), ("b", double.NaN)));
        Assert.True(values.Equals((object)Of(("a", 1), ("b", double.NaN))));
        Assert.Equal(values.GetHashCode(), Of(("a", 1), ("b", double.NaN)).GetHashCode());
        NamedValues[] others =
        [
            Of(("a", 1)), Of(("b", double.NaN), ("a", 1)), Of(("a", 2), ("b", double.NaN)), Of(("c", 1), ("b", double.NaN)),
                NamedValues.Empty,
        ];
        Assert.All(others, other => Assert.False(values.Equals(other)));
        Assert.False(values.Equals(null));
        Assert.False(values.Equals((object)"a 1"));
        Assert.Equal(NamedValues.Empty, new NamedValues([]));
    }

    /// <summary>Records that hold equal values, such as reports, are then equal too.</summary>
    [Fact]
    public void Records_of_equal_values_are_equal()
    {
        SourceScore score = new() { Name = "text", BitsPerByte = 1, Parts = Of(("a", 1)) };
        Assert.Equal(score, score with { Parts = Of(("a", 1)) });
        Assert.NotEqual(score, score with { Parts = Of(("a", 2)) });
    }

    [Fact]
    public void An_unknown_name_is_answered_with_those_there_are()
    {
        Assert.Equal(
            "There is no 'sound'; there are text, video.",
            Assert.Throws<KeyNotFoundException>(() => Of(("text", 1), ("video", 2))["sound"]).Message);
        Assert.Equal("There is no 'sound'; there are no names.",
            Assert.Throws<KeyNotFoundException>(() => NamedValues.Empty["sound"]).Message);
    }

    [Fact]
    public void A_name_given_twice_is_refused() =>
        Assert.Contains("a, b, a", Assert.Throws<ArgumentException>(() => Of(("a", 1), ("b", 2), ("a", 1))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void What_is_given_later_changes_nothing()
    {
        List<KeyValuePair<string, double>> given = [KeyValuePair.Create("a", 1.0)];
        NamedValues values = new(given);
        given.Clear();
        Assert.Equal(1, values["a"]);
    }

    private static NamedValues Of(params (string Name, double Value)[] values) =>
        new(values.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
}

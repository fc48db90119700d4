using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Samples.Demo;

namespace HslEmbeddingZero.Demo.Tests;

public class CosmosTests
{
    private static readonly Cosmos Shown = Cosmos.Compute();

    [Fact]
    public void One_view_has_the_eighteen_value_columns_and_one_all_twenty_seven()
    {
        Assert.Equal(HslChannels.Columns(HslChannelGroup.Value), Shown.Views[0].Columns);
        Assert.Equal(Enumerable.Range(0, HslFeatures.Dimension), Shown.Views[1].Columns);
    }

    [Fact]
    public void No_two_bytes_are_at_the_same_place() =>
        Assert.All(Shown.Views, view => Assert.Equal(256,
            view.Points.Select(p => (Math.Round(p[0], 6), Math.Round(p[1], 6), Math.Round(p[2], 6))).Distinct().Count()));

    [Fact]
    public void Every_channel_group_has_the_same_variance_once_scaled()
    {
        IReadOnlyList<ChannelDescription> channels = ChannelDescription.All;
        foreach (CosmosView view in Shown.Views)
        {
            IEnumerable<double> variances = view.Columns.Select((column, i) => (column, i)).GroupBy(c => channels[c.column].Group).Select(
                group => group.Sum(c =>
            {
                double[] values = [.. Shown.Rows.Select(row => view.Scales[c.i] * row[c.column])];
                return values.Average(v => v * v) - values.Average() * values.Average();
            }));
            Assert.All(variances, variance => Assert.Equal(1, variance, 6));
        }
    }

    [Fact]
    public void The_place_of_a_value_point_does_not_depend_on_what_stands_before()
    {
        // The value columns of a byte are the same anywhere in an input, so a path goes exactly from point to point.
        float[] inside = HslFeatures.Encode("xyz"u8)[(2 * HslFeatures.Dimension)..];
        CosmosView view = Shown.Views[0];
        double[] place = view.Components.Project([.. view.Columns.Select((column, i) => view.Scales[i] * inside[column])]);
        Assert.Equal(view.Points['z'], place, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void A_byte_has_the_kind_that_text_gives_it()
    {
        foreach (char letter in "09azAZ ~\n\u007f")
        {
            ByteKind expected = letter switch
            {
                _ when char.IsAsciiDigit(letter) => ByteKind.Digit,
                _ when char.IsAsciiLetterLower(letter) => ByteKind.Lower,
                _ when char.IsAsciiLetterUpper(letter) => ByteKind.Upper,
                _ when char.IsControl(letter) => ByteKind.Control,
                _ => ByteKind.Punctuation,
            };
            Assert.Equal(expected, ByteKinds.Of((byte)letter));
        }

        // The first and the later bytes of all code points, and no other bytes.
        HashSet<byte> leads = [], others = [];
        for (int point = 0x80; point <= 0x10FFFF; point += point < 0x3000 ? 1 : 61)
        {
            if (!Rune.IsValid(point)) continue;
            byte[] bytes = Encoding.UTF8.GetBytes(new Rune(point).ToString());
            leads.Add(bytes[0]);
            others.UnionWith(bytes[1..]);
        }

        for (int value = 0x80; value <= 0xFF; value++)
            Assert.Equal(leads.Contains((byte)value) ? ByteKind.Lead : others.Contains((byte)value)
                ? ByteKind.Continuation : ByteKind.Other, ByteKinds.Of((byte)value));
    }

    [Fact]
    public async Task The_page_is_told_the_same()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        JsonElement told = await demo.Client.GetFromJsonAsync<JsonElement>("/api/cosmos");
        Assert.Equal(256, told.GetProperty("kinds").GetArrayLength());
        Assert.Equal("lower", told.GetProperty("kinds")['a'].GetString());
        Assert.Equal(Shown.Rows['a'], told.GetProperty("rows")['a'].EnumerateArray().Select(value => value.GetSingle()));
        Assert.Equal(Shown.Views[0].Points['a'],
            told.GetProperty("views")[0].GetProperty("points")['a'].EnumerateArray().Select(value => value.GetDouble()));
    }
}

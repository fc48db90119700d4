using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>
/// A format with two parts, for numbers above and below 0, writes a small negative number as "-+0.000". A third part, for zero, prevents
/// that.
/// </summary>
public sealed partial class SignedFormatTests
{
    [Theory]
    [InlineData("+0.000;-0.000", "-+0.000")]
    [InlineData("+0.000;-0.000;+0.000", "+0.000")]
    public void A_number_that_rounds_to_zero_needs_a_third_part(string format, string written) =>
        Assert.Equal(written, (-0.0003).ToString(format, CultureInfo.InvariantCulture));

    [Fact]
    public void Every_format_with_a_sign_has_a_third_part()
    {
        string[] formats =
        [
            .. from file in Build.SourceFiles("src", "samples", "benchmarks")
               from match in SignedFormat().Matches(File.ReadAllText(file))
               select match.Value,
        ];
        Assert.NotEmpty(formats);
        Assert.All(formats, format => Assert.Equal(3, format.Split(';').Length));
    }

    [GeneratedRegex(@"\+0[.0]*;-0[.0]*(;[+0.]+)?")]
    private static partial Regex SignedFormat();
}

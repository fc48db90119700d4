using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Package.Tests.Documents;

/// <summary>Every C# block of a document compiles and runs, and prints the output that the document shows.</summary>
public sealed partial class DocumentTests
{
    private const double MeasuredTolerance = 0.2;

    [Theory]
    [InlineData("src/HslEmbeddingZero.Signal/README.md")]
    [InlineData("src/HslEmbeddingZero.Inference/README.md")]
    [InlineData("src/HslEmbeddingZero.Onnx/README.md")]
    [InlineData("src/HslEmbeddingZero.Knowledge/README.md")]
    [InlineData("src/HslEmbeddingZero/README.md")]
    [InlineData("src/HslEmbeddingZero.Training/README.md")]
    [InlineData("src/HslEmbeddingZero/docs/guide.md")]
    public void What_a_document_shows_runs_and_prints_what_it_says(string document)
    {
        IReadOnlyList<FencedBlock> blocks = FencedBlock.ReadAll(Build.ReadText(document));
        Assert.Contains(blocks, block => block.Language == "csharp");
        string printed = SnippetProgram.Run(NameOf(document), blocks.Where(block => block.Language == "csharp"));
        Same(string.Concat(blocks.Where(block => block.Language == "text").Select(block => block.Content)), printed);
    }

    /// <summary>Its blocks are programs, or parts of programs, for different platforms. The first one runs here.</summary>
    [Fact]
    public void What_the_page_about_deployment_shows_compiles()
    {
        const string document = "src/HslEmbeddingZero/docs/deploy.md";
        IReadOnlyList<FencedBlock> blocks = FencedBlock.ReadAll(Build.ReadText(document));
        FencedBlock[] programs = [.. blocks.Where(block => block.Language == "csharp")];
        Assert.Equal(5, programs.Length);
        foreach (FencedBlock program in programs) SnippetProgram.Compile(NameOf(document), program);
        Same(blocks.Single(block => block.Language == "text").Content, SnippetProgram.Run(NameOf(document), programs[..1]));
    }

    /// <summary>The front page shows the middle of the Quickstart and its whole output.</summary>
    [Fact]
    public void The_front_page_shows_the_Quickstart()
    {
        IReadOnlyList<FencedBlock> blocks = FencedBlock.ReadAll(Build.ReadText("README.md"));
        string quickstart = Build.ReadText("samples/Quickstart/Program.cs");
        int shown = Array.FindIndex([.. blocks], block => block.Language == "csharp");
        Assert.Contains(blocks[shown].Content, quickstart, StringComparison.Ordinal);
        Same(blocks[shown + 1].Content, SnippetProgram.Run("Quickstart", [new("csharp", quickstart, 1)]));
    }

    [Fact]
    public void A_gallery_can_follow_every_link_of_the_package_readmes()
    {
        string[] links =
        [
            .. from document in Directory.GetDirectories(Build.PathOf("src")).Select(package => Path.Combine(package, "README.md"))
               from link in Link().Matches(File.ReadAllText(document))
               select link.Groups[1].Value,
        ];
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.StartsWith("https://", link, StringComparison.Ordinal));
    }

    private static string NameOf(string document) => document.Replace('/', '.');

    /// <summary>Equal, except for numbers after ≈: these are measured, and other processors round differently.</summary>
    private static void Same(string expected, string printed)
    {
        Assert.Equal(Measured().Replace(expected, "≈"), Measured().Replace(printed, "≈"));
        foreach ((Match said, Match came) in Measured().Matches(expected).Zip(Measured().Matches(printed)))
        {
            double ratio = Number(came) / Number(said);
            Assert.True(Math.Abs(ratio - 1) <= MeasuredTolerance,
                $"The page says {said.Value}, printed is {came.Value}:{Environment.NewLine}{printed}");
        }
    }

    private static double Number(Match measured) => double.Parse(measured.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"≈ ([0-9.]+)")]
    private static partial Regex Measured();

    [GeneratedRegex(@"\]\(([^)]*)\)")]
    private static partial Regex Link();
}

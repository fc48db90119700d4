using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Package.Tests.Documents;

/// <summary>The link targets of all documents exist: files, headings, and the sources that the map of the code names.</summary>
public sealed partial class LinkTests
{
    private const string Map = "src/ARCHITECTURE.md";
    private const string Guide = "src/HslEmbeddingZero/docs/guide.md";

    [SkippableFact]
    public void Every_relative_link_and_image_leads_to_a_file_or_folder() => Assert.Empty(
        from found in Links()
        where !Path.Exists(Build.PathOf(found.Link.Target))
        select $"{found.Document}: {found.Link.Written}");

    [SkippableFact]
    public void Every_anchor_is_a_heading_of_its_document()
    {
        (string Document, Link Link)[] anchored =
        [
            .. from found in Links()
               where found.Link.Anchor.Length > 0 && found.Link.Target.EndsWith(".md", StringComparison.Ordinal)
               where File.Exists(Build.PathOf(found.Link.Target))
               select found,
        ];
        Assert.NotEmpty(anchored);
        Assert.Empty(
            from found in anchored
            where !AnchorsOf(Build.ReadText(found.Link.Target)).Contains(found.Link.Anchor)
            select $"{found.Document}: {found.Link.Written}");
    }

    [Fact]
    public void Every_source_that_the_map_names_exists()
    {
        string[] sources = [.. SourcePath().Matches(Build.ReadText(Map)).Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(File.Exists(Build.PathOf(source)), source));
    }

    [Theory]
    [InlineData("8. N-gram codes: more eyes, still `0` parameters", "8-n-gram-codes-more-eyes-still-0-parameters")]
    [InlineData("A [link](other.md) & a_name", "a-link--a_name")]
    public void An_anchor_is_the_heading_in_lower_case_without_punctuation(string heading, string anchor)
    {
        HashSet<string> anchors = AnchorsOf($"# {heading}\n```\n# no heading\n```\n## {heading}\n");
        Assert.Equal([anchor, anchor + "-1"], anchors.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_in_code_are_none_and_an_anchor_alone_stays_in_its_document()
    {
        const string text = "`[no](no.md)` [one\nmore](../b.md#c) ![image](d.png) [here](#e) [out](https://example.org)\n";
        const string block = "\n```\n[no](no.md)\n```\n";
        Link[] expected = [new("../b.md#c", "b.md", "c"), new("d.png", "docs/d.png", ""), new("#e", "docs/a.md", "e")];
        Assert.Equal(expected, ParseLinks("docs/a.md", text + block));
    }

    /// <summary>The markdown files of the repository, without those that git ignores.</summary>
    private static string[] Documents()
    {
        (int code, string output) = Command.Git("ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md");
        Skip.If(code != 0, "git does not list the documents here.");
        string[] documents = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(path => File.Exists(Build.PathOf(path)))];
        Assert.Contains(Guide, documents);
        return documents;
    }

    /// <summary>The links of all documents, each with its document.</summary>
    private static (string Document, Link Link)[] Links()
    {
        (string Document, Link Link)[] links =
            [.. from document in Documents() from link in LinksOf(document) select (document, link)];
        Assert.NotEmpty(links);
        return links;
    }

    private static IEnumerable<Link> LinksOf(string document) => ParseLinks(document, Build.ReadText(document));

    private static IEnumerable<Link> ParseLinks(string document, string markdown)
    {
        foreach (Match match in LinkTarget().Matches(InlineCode().Replace(WithoutBlocks(markdown), "")))
        {
            string written = match.Groups[1].Value;
            if (Scheme().IsMatch(written)) continue;
            string[] parts = written.Split('#', 2);
            string target = parts[0].Length == 0 ? document : InRepository(document, Uri.UnescapeDataString(parts[0]));
            yield return new(written, target, parts.Length > 1 ? parts[1] : "");
        }
    }

    /// <summary>Converts a path relative to a document to one from the root of the repository.</summary>
    private static string InRepository(string document, string path)
    {
        string folder = Path.GetDirectoryName(Build.PathOf(document))!;
        return Path.GetRelativePath(Build.RepositoryFolder, Path.GetFullPath(Path.Combine(folder, path))).Replace('\\', '/');
    }

    /// <summary>GitHub's rule: lower case, no punctuation, hyphens for spaces, and a number after a repeated heading.</summary>
    private static HashSet<string> AnchorsOf(string markdown)
    {
        HashSet<string> anchors = [];
        foreach (Match heading in Heading().Matches(WithoutBlocks(markdown)))
        {
            string shown = LinkText().Replace(heading.Groups[1].Value, "$1");
            string anchor = Punctuation().Replace(shown.ToLowerInvariant(), "").Replace(' ', '-');
            string unique = anchor;
            for (int again = 1; !anchors.Add(unique); again++) unique = $"{anchor}-{again}";
        }

        return anchors;
    }

    private static string WithoutBlocks(string markdown) => FencedLines().Replace(markdown, "");

    [GeneratedRegex(@"^ *```.*?^ *```[ ]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencedLines();

    /// <summary>Code within a paragraph. It may continue in the next line, but not across an empty line.</summary>
    [GeneratedRegex(@"(?<!`)(`+)(?!`)(?:(?!\n\n).)+?(?<!`)\1(?!`)", RegexOptions.Singleline)]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\]\(([^()\s]+)(?:\s+""[^""]*"")?\)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^#{1,6} +(.+?) *$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"`([^`\s]+/[^`\s]+\.cs)`")]
    private static partial Regex SourcePath();

    /// <param name="Written">As the document has it.</param>
    /// <param name="Target">Path from the root of the repository.</param>
    /// <param name="Anchor">The part after '#'; empty for none.</param>
    private sealed record Link(string Written, string Target, string Anchor);
}

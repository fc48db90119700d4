namespace HslEmbeddingZero.Package.Tests.Documents;

/// <summary>A fenced block of a markdown file.</summary>
/// <param name="Language">What follows the opening fence.</param>
/// <param name="Content">Its lines.</param>
/// <param name="Line">Number of its first line in the file, from 1.</param>
internal sealed record FencedBlock(string Language, string Content, int Line)
{
    private const string Fence = "```";

    public static IReadOnlyList<FencedBlock> ReadAll(string markdown)
    {
        List<FencedBlock> blocks = [];
        string[] lines = markdown.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal)) continue;
            int end = Array.IndexOf(lines, Fence, i + 1);
            Assert.True(end > i, $"The block that begins in line {i + 1} is not closed.");
            blocks.Add(new(lines[i][Fence.Length..], string.Join('\n', lines[(i + 1)..end]) + "\n", i + 2));
            i = end;
        }

        return blocks;
    }
}

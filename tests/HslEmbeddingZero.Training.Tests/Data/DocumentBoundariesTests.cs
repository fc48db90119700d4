using System.Text;

namespace HslEmbeddingZero.Training.Tests.Data;

public class DocumentBoundariesTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("\n\n\r\n", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\nb\n", new[] { "a\nb\n" })]
    [InlineData("a\n\nb", new[] { "a\n", "b" })]
    [InlineData("a\n\n\n\nb\n\n", new[] { "a\n", "b\n" })]
    [InlineData("a\r\n\r\nb\r\nc\r\n\r\n", new[] { "a\r\n", "b\r\nc\r\n" })]
    [InlineData("\n\na\n\n", new[] { "a\n" })]
    [InlineData("a\n \nb\n", new[] { "a\n \nb\n" })]
    [InlineData("a\rb\r", new[] { "a\rb\r" })]
    public void An_empty_line_ends_a_document_and_belongs_to_none(string text, string[] expected)
    {
        var documents = DocumentBoundaries.Find(Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, documents.Select(document => text[document]));
    }
}

namespace HslEmbeddingZero.Package.Tests;

/// <summary>Checks the line width that .editorconfig names. dotnet format does not enforce it.</summary>
public sealed class LineWidthTests
{
    private const int Width = 140;

    [Fact]
    public void No_line_of_code_is_wider_than_140_columns_but_those_of_raw_strings()
    {
        string[] files = [.. Build.SourceFiles("src", "tests", "samples", "benchmarks")];
        Assert.True(files.Length > 200, $"Only {files.Length} files were found.");
        Assert.Empty(files.SelectMany(WideLines));
    }

    private static IEnumerable<string> WideLines(string file)
    {
        bool isRaw = false;
        foreach ((int index, string line) in File.ReadLines(file).Index())
        {
            int quotes = line.Split("\"\"\"").Length - 1;
            if (line.Length > Width && !isRaw && quotes == 0) yield return $"{file}:{index + 1}: {line.Length} columns";
            isRaw ^= quotes % 2 == 1;
        }
    }
}

using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>The options --text and --windows. Default: the corpus in the program's folder.</summary>
internal static class CorpusOptions
{
    public static Option<string[]> Text() => new("--text")
    {
        Description =
            "Text to use instead of the embedded text: files, folders or quoted patterns such as \"books/**/*.txt\". An empty line "
                + "ends a document.",
        AllowMultipleArgumentsPerToken = true,
    };

    public static Option<string[]> Windows() => new("--windows")
    {
        Description = "Files of 539-byte windows to use instead of the embedded file.",
        AllowMultipleArgumentsPerToken = true,
    };

    public static string[] TextOrEmbedded(string[]? files) => OrEmbedded(files, "text.en.txt", "text.ko.txt");

    public static string[] WindowsOrEmbedded(string[]? files) => OrEmbedded(files, "windows.bin");

    private static string[] OrEmbedded(string[]? files, params string[] embedded) =>
        files is { Length: > 0 } ? files : [.. embedded.Select(name => Path.Combine(AppContext.BaseDirectory, "data", name))];
}

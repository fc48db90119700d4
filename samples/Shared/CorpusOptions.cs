using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>What a sample reads: --text and --windows, or the corpus that lies beside the program.</summary>
internal static class CorpusOptions
{
    public static Option<string[]> Text() => new("--text")
    {
        Description =
            "Text to train on instead of the embedded one: files, folders or quoted patterns such as \"books/**/*.txt\"; an empty line "
                + "ends a document.",
        AllowMultipleArgumentsPerToken = true,
    };

    public static Option<string[]> Windows() => new("--windows")
    {
        Description = "Files of 539-byte windows instead of the embedded one.",
        AllowMultipleArgumentsPerToken = true,
    };

    public static string[] TextOrEmbedded(string[]? files) => OrEmbedded(files, "text.en.txt", "text.ko.txt");

    public static string[] WindowsOrEmbedded(string[]? files) => OrEmbedded(files, "windows.bin");

    private static string[] OrEmbedded(string[]? files, params string[] embedded) =>
        files is { Length: > 0 } ? files : [.. embedded.Select(name => Path.Combine(AppContext.BaseDirectory, "data", name))];
}

using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>The options --text, --windows and --licence. Default: the corpus in the program's folder.</summary>
internal static class CorpusOptions
{
    /// <summary>Licence of most of the text in the embedded corpus. Weights trained on it inherit the licence.</summary>
    private const string EmbeddedLicence = "CC-BY-SA-3.0";

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

    public static Option<string?> Licence() => new("--licence")
    {
        Description = $"Licence to store in the weights file. Default for the embedded corpus: {EmbeddedLicence}.",
    };

    /// <summary>The licence that was given, or that of the embedded corpus where no other files were given; else null.</summary>
    public static string? LicenceOrEmbedded(string? licence, string[]? text, string[]? windows) =>
        licence ?? (text is not { Length: > 0 } && windows is not { Length: > 0 } ? EmbeddedLicence : null);

    public static string[] TextOrEmbedded(string[]? files) => OrEmbedded(files, "text.en.txt", "text.ko.txt");

    public static string[] WindowsOrEmbedded(string[]? files) => OrEmbedded(files, "windows.bin");

    private static string[] OrEmbedded(string[]? files, params string[] embedded) =>
        files is { Length: > 0 } ? files : [.. embedded.Select(name => Path.Combine(AppContext.BaseDirectory, "data", name))];
}

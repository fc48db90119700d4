namespace HslEmbeddingZero.Samples;

/// <summary>Where studies lie: beside the program, or wherever a path leads.</summary>
internal static class StudyFile
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "studies");

    /// <summary>The studies that come with the program.</summary>
    public static IReadOnlyList<string> Names { get; } =
        Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)] : [];

    /// <exception cref="FileNotFoundException">There is neither a study of that name nor such a file.</exception>
    public static string Find(string nameOrFile)
    {
        if (Names.Contains(nameOrFile)) return Path.Combine(Folder, nameOrFile + ".json");
        return File.Exists(nameOrFile)
            ? nameOrFile
            : throw new FileNotFoundException($"'{nameOrFile}' is neither a file nor a study of this program; those are {string.Join(", ", Names)}.");
    }
}

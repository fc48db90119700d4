using Microsoft.Extensions.FileSystemGlobbing;

namespace HslEmbeddingZero.Training;

/// <summary>
/// What a path of a corpus stands for: a file, all files of a folder, or those that a pattern such as "books/**/*.txt" names.
/// </summary>
/// <param name="Path">As it was given.</param>
/// <param name="Files">The files, in the order of their names.</param>
/// <param name="IsOneFile">Whether the file itself was named, so that it may not be left out.</param>
internal sealed record CorpusPath(string Path, IReadOnlyList<string> Files, bool IsOneFile)
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System
    };

    /// <summary>Name without what leads to it.</summary>
    public string Name => System.IO.Path.GetFileName(Path.TrimEnd('/', '\\')) is { Length: > 0 } name ? name : Path;

    /// <exception cref="CorpusException">Nothing is there.</exception>
    public static CorpusPath Expand(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path)) return new(path, [path], IsOneFile: true);
        bool isPattern = path.Contains('*', StringComparison.Ordinal);
        if (!isPattern && !Directory.Exists(path)) throw new CorpusException($"{path}: there is no such file.");
        string[] files = [.. (isPattern ? Matches(path) : Directory.EnumerateFiles(path, "*", Everything))
            .Where(file => !IndexFile.IsIndex(file))
            .Order(StringComparer.Ordinal)];
        return files.Length > 0
            ? new(path, files, IsOneFile: false)
            : throw new CorpusException($"{path}: 0 files; {(isPattern ? "the pattern must match" : "the folder must hold")} at least 1.");
    }

    private static IEnumerable<string> Matches(string pattern)
    {
        // The folders before the first with a star are where the search begins.
        string[] parts = pattern.Replace('\\', '/').Split('/');
        int first = Array.FindIndex(parts, part => part.Contains('*', StringComparison.Ordinal));
        string root = string.Join('/', parts[..first]);
        if (first > 0 && root.Length == 0) root = "/";
        if (root.Length == 0) root = ".";
        return Directory.Exists(root)
            ? new Matcher().AddInclude(string.Join('/', parts[first..])).GetResultsInFullPath(root).Where(file => !IsHidden(root, file))
            : throw new CorpusException($"{pattern}: there is no folder '{root}'.");
    }

    /// <summary>Whether the file, or a folder below the one where the search begins, has a name that begins with a dot.</summary>
    private static bool IsHidden(string root, string file) =>
        System.IO.Path.GetRelativePath(root, file).Split('/', '\\').Any(part => part is ['.', not '.', ..]);
}

using Microsoft.Extensions.FileSystemGlobbing;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The files of a corpus path. A path is a file, a folder (all its files), or a pattern such as "books/**/*.txt" (all files that match).
/// </summary>
/// <param name="Path">The path as it was given.</param>
/// <param name="Files">The files, in the order of their names.</param>
/// <param name="IsOneFile">Whether the path names one file. That file must not be left out.</param>
internal sealed record CorpusPath(string Path, IReadOnlyList<string> Files, bool IsOneFile)
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System
    };

    /// <summary>Name without the folders before it.</summary>
    public string Name => System.IO.Path.GetFileName(Path.TrimEnd('/', '\\')) is { Length: > 0 } name ? name : Path;

    /// <exception cref="CorpusException">There is no such file or folder, or it has no files.</exception>
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
        // The search begins in the folder before the first part with a star.
        string[] parts = pattern.Replace('\\', '/').Split('/');
        int first = Array.FindIndex(parts, part => part.Contains('*', StringComparison.Ordinal));
        string root = string.Join('/', parts[..first]);
        if (first > 0 && root.Length == 0) root = "/";
        if (root.Length == 0) root = ".";
        return Directory.Exists(root)
            ? new Matcher().AddInclude(string.Join('/', parts[first..])).GetResultsInFullPath(root).Where(file => !IsHidden(root, file))
            : throw new CorpusException($"{pattern}: there is no folder '{root}'.");
    }

    /// <summary>Whether the name of the file, or of a folder below the start of the search, begins with a dot.</summary>
    private static bool IsHidden(string root, string file) =>
        System.IO.Path.GetRelativePath(root, file).Split('/', '\\').Any(part => part is ['.', not '.', ..]);
}

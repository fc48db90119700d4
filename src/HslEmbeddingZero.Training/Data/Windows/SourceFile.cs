using System.Security.Cryptography;

namespace HslEmbeddingZero.Training;

/// <summary>A corpus file in memory, with the SHA-256 of its content.</summary>
internal sealed record SourceFile(string Path, byte[] Content, string Sha256)
{
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Reads the files. No two may hold the same bytes, and together they must fit one array.</summary>
    public static List<SourceFile> ReadAll(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (paths.Count == 0)
            throw new ArgumentException("A corpus needs at least one file.", nameof(paths));

        long total = 0;
        foreach (string path in paths)
            if ((total += Length(path)) > Array.MaxLength)
                throw new CorpusException($"{path}: with this file the corpus has {total} bytes; it can hold {Array.MaxLength}.");

        var files = new List<SourceFile>();
        foreach (string path in paths)
        {
            SourceFile file = Read(path);
            if (files.Find(earlier => earlier.Sha256 == file.Sha256) is { } twin)
                throw new CorpusException($"{path}: the same {file.Content.Length} bytes as {twin.Path}; list only one of them.");
            files.Add(file);
        }

        return files;
    }

    public static SourceFile Read(string path)
    {
        Length(path);
        try
        {
            byte[] content = File.ReadAllBytes(path);
            if (ForeignFile.IsGitLfsPointer(content)) throw new CorpusException($"{path}: {ForeignFile.GitLfsPointer}.");
            return new(path, content, Convert.ToHexStringLower(SHA256.HashData(content)));
        }
        catch (Exception failure) when (failure is IOException and not CorpusException or UnauthorizedAccessException)
        {
            throw new CorpusException($"{path}: cannot be read. {failure.Message}", failure);
        }
    }

    private static long Length(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var info = new FileInfo(path);
        if (!info.Exists)
            throw new CorpusException($"{path}: there is no such file.");
        if (FilePath.Misfit(path) is { } misfit)
            throw new CorpusException($"{path}: {misfit}.");
        if (info.Length == 0)
            throw new CorpusException($"{path}: 0 bytes; a corpus file must hold at least 1.");
        if (info.Length > Array.MaxLength)
            throw new CorpusException($"{path}: {info.Length} bytes; at most {Array.MaxLength} fit one array. Split the file.");
        return info.Length;
    }
}

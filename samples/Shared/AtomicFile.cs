namespace HslEmbeddingZero.Samples;

/// <summary>Files that are there whole or not at all: written under a temporary name, then renamed.</summary>
internal static class AtomicFile
{
    /// <summary>Lines end in "\n" on every system, so that the same results give the same file.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, temporary => File.WriteAllText(temporary, text.Replace("\r\n", "\n", StringComparison.Ordinal)));

    public static void Write(string path, Action<string> write)
    {
        string temporary = Path.Combine(Path.GetDirectoryName(path)!, ".tmp-" + Path.GetFileName(path));
        try
        {
            write(temporary);
            FileReplacement.Move(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}

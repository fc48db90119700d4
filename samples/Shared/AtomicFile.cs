namespace HslEmbeddingZero.Samples;

/// <summary>Files that are there whole or not at all: written under a temporary name, then renamed.</summary>
internal static class AtomicFile
{
    public static void WriteText(string path, string text) => Write(path, temporary => File.WriteAllText(temporary, text));

    public static void Write(string path, Action<string> write)
    {
        string temporary = Path.Combine(Path.GetDirectoryName(path)!, ".tmp-" + Path.GetFileName(path));
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}

namespace HslEmbeddingZero.Samples;

/// <summary>The folder that a sample writes to.</summary>
internal static class OutputFolder
{
    /// <summary>Creates the folder and checks that it is writable, before a long run starts.</summary>
    /// <exception cref="IOException">The folder is not writable. The message names the option and the folder.</exception>
    public static void RequireWritable(DirectoryInfo folder)
    {
        try
        {
            folder.Create();
            string probe = Path.Combine(folder.FullName, $".write-test-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--out {folder.FullName} cannot be written: {error.Message}", error);
        }
    }
}

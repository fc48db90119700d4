using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.BpbTable;

/// <summary>The table of two steps of two doors, shared by several tests.</summary>
public sealed class FinishedTable : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FinishedTable()
    {
        (int exitCode, _, string error) = BpbTableTests.Smoke(Out, "--steps", "2", "--arms", "zero,projection");
        Assert.True(exitCode == 0, error);
    }

    private string Out => _folder.PathOf("out");

    /// <summary>Copies what the program wrote into another folder.</summary>
    public void CopyTo(string output)
    {
        Directory.CreateDirectory(output);
        foreach (string file in Directory.GetFiles(Out)) File.Copy(file, Path.Combine(output, Path.GetFileName(file)));
    }

    public void Dispose() => _folder.Dispose();
}

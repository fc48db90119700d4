using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

/// <summary>One smoke-size study of two doors and two seeds, shared by several tests.</summary>
public sealed class FinishedStudy : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FinishedStudy() => Result = SampleProcess.Run(
        AblationProgramTests.Assembly,
        AblationProgramTests.Arguments(AblationProgramTests.Write(_folder, """["zero", "zero-standardized+gain"]""", 4), Out));

    public (int ExitCode, string Output, string Error) Result { get; }

    private string Out => _folder.PathOf("out");

    /// <summary>Copies what the study wrote into another output folder.</summary>
    public void CopyTo(string output)
    {
        string study = Path.Combine(output, "mine");
        Directory.CreateDirectory(study);
        foreach (string file in Directory.GetFiles(Path.Combine(Out, "mine"))) File.Copy(file, Path.Combine(study, Path.GetFileName(file)));
    }

    public void Dispose() => _folder.Dispose();
}

using System.Text.Json;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

/// <summary>The committed studies: their tables follow from their runs, and their questions equal those of the study files.</summary>
public sealed class CommittedStudiesTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Committed", "ablation");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder, "study.json", SearchOption.AllDirectories).Select(
        path => Path.GetFileName(Path.GetDirectoryName(path)!))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_committed_table_is_what_its_runs_give(string name)
    {
        var conditions = StudyConditions.Read(Path.Combine(Folder, name, "study.json"));
        RunResult[] runs =
        [
            .. File.ReadLines(Path.Combine(Folder, name, "runs.jsonl"))
                .Select(line => JsonSerializer.Deserialize<RunResult>(line, SampleJson.Line)!),
        ];
        Assert.NotEmpty(runs);
        Assert.Equal(conditions.Study.Runs().Where(key => runs.Any(run => run.Key == key)), runs.Select(run => run.Key));
        string table = File.ReadAllText(Path.Combine(Folder, name, "table.md")).ReplaceLineEndings("\n");
        Assert.Equal(table, new StudyReport(conditions, runs).Markdown().ReplaceLineEndings("\n"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_committed_study_asked_and_expected_what_its_file_says(string name)
    {
        Study committed = StudyConditions.Read(Path.Combine(Folder, name, "study.json")).Study, declared = Study.Load(StudyFile.Find(name));
        Assert.Equal((declared.Question, declared.Prediction), (committed.Question, committed.Prediction));
        Assert.Equal(declared.Arms, committed.Arms);
    }
}

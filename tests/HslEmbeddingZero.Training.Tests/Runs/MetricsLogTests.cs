using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class MetricsLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static TrainingProgress Progress(long step, double bits = 4) => new()
    {
        Step = step,
        Steps = 100,
        BitsPerByte = bits,
        Sources = Sources(bits),
        LearningRate = 1e-3,
        GradientNorm = 0.5,
        BytesPerSecond = 1234.4,
        Elapsed = TimeSpan.FromSeconds(step),
    };

    private static NamedValues Sources(double bits) =>
        new([KeyValuePair.Create("text", bits + 1), KeyValuePair.Create("caption", bits - 1)]);

    private string Written(params long[] steps)
    {
        string path = _folder.PathOf("metrics.jsonl");
        using MetricsLog log = new(path);
        foreach (long step in steps) log.Report(Progress(step));
        return path;
    }

    [Fact]
    public void A_report_is_one_line_of_json_without_what_was_not_measured()
    {
        Assert.Equal(
            """{"step":10,"bitsPerByte":4,"textBitsPerByte":5,"captionBitsPerByte":3,"learningRate":0.001,"gradientNorm":0.5,"bytesPerSecond":1234,"seconds":10}""",
            Assert.Single(File.ReadAllLines(Written(10))));
    }

    [Fact]
    public void Resuming_drops_later_and_damaged_lines()
    {
        string path = Written(10, 20, 30);
        string[] lines = File.ReadAllLines(path);
        File.WriteAllText(path, $"{lines[0]}\nnot json\nnull\n{lines[1]}\n{lines[2]}\n{lines[2][..20]}");
        using (MetricsLog log = new(path, keepThrough: 20))
            log.Report(Progress(30, bits: 2));
        Assert.Equal([(10, 4, Sources(4)), (20, 4, Sources(4)), (30, 2, Sources(2))], MetricsLog.ReadCurve(path));
        Assert.Equal(lines[..2], File.ReadAllLines(path)[..2]);
        Assert.Equal(3, File.ReadAllLines(path).Length);
    }

    /// <summary>Line ends are the same on Windows, so that the same run gives the same file.</summary>
    [Fact]
    public void Lines_end_in_one_newline_on_every_system()
    {
        string path = Written(10, 20);
        using (MetricsLog log = new(path, keepThrough: 10)) log.Report(Progress(30));
        Assert.Equal(string.Concat(File.ReadAllLines(path).Select(line => line + "\n")), File.ReadAllText(path));
    }

    [Fact]
    public void A_new_run_starts_the_file_afresh()
    {
        string path = Written(10, 20);
        new MetricsLog(path).Dispose();
        Assert.Empty(File.ReadAllText(path));
        Assert.Equal(["metrics.jsonl"], Directory.GetFiles(Path.GetDirectoryName(path)!).Select(Path.GetFileName));
    }

    [Fact]
    public void A_missing_file_and_a_step_to_keep_start_an_empty_one()
    {
        using MetricsLog log = new(_folder.PathOf("new.jsonl"), keepThrough: 5);
        log.Report(Progress(6));
        Assert.Equal([(6, 4, Sources(4))], MetricsLog.ReadCurve(_folder.PathOf("new.jsonl")));
    }

    [Fact]
    public void A_log_that_cannot_be_opened_leaves_nothing_behind()
    {
        string path = _folder.PathOf("taken");
        Directory.CreateDirectory(path); // A folder cannot be replaced by a file.
        Assert.ThrowsAny<Exception>(() => new MetricsLog(path));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Reading_passes_over_damaged_lines_and_those_without_a_loss()
    {
        string path = Written(10);
        File.AppendAllText(path, "{\"step\":20,\"learningRate\":1,\"bytesPerSecond\":1,\"seconds\":1}\n{\"step\":3");
        Assert.Equal([(10, 4, Sources(4))], MetricsLog.ReadCurve(path));
    }

    [Fact]
    public void Each_line_is_in_the_file_as_soon_as_it_is_reported()
    {
        string path = _folder.PathOf("live.jsonl");
        using MetricsLog log = new(path);
        log.Report(Progress(1));
        using StreamReader reader = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.EndsWith("}", reader.ReadLine());
    }
}

using System.CommandLine;
using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class PrepareTextTests : IDisposable
{
    private const string Assembly = "PrepareData.dll";
    private static readonly ParserConfiguration Words = new() { ResponseFileTokenReplacer = null }; // as in the program
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _shown = new();

    private string Out => _folder.PathOf("out/corpus.txt");

    public void Dispose()
    {
        _folder.Dispose();
        _shown.Dispose();
    }

    private string[] Inputs() =>
    [
        _folder.Write("a.jsonl", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 700).Select(i => i % 100 == 7 ? "damaged\n" : $$"""{"text":"line {{i}}\n\nsame document"}{{"\n"}}""")))),
        _folder.Write("b.txt", Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, 900).Select(i => $"line {i} of the text\n{(i % 300 == 299 ? "\n" : "")}")))),
    ];

    private void Run(TextOptions options, CancellationToken cancellationToken = default)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(_shown),
            Interactive = InteractionSupport.No,
        });
        TextPreparation.Run(console, console, options, cancellationToken);
    }

    [Fact]
    public void Files_of_several_kinds_become_one_text_with_figures()
    {
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, ["text", .. Inputs(), "--out", Out]);
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("696 documents", output, StringComparison.Ordinal);
        Assert.Contains("damaged and skipped: 7 records", output, StringComparison.Ordinal);
        Assert.Contains("a.jsonl, line 8, byte ", output, StringComparison.Ordinal);
        Assert.Contains("100%", error, StringComparison.Ordinal); // the progress is on standard error
        Assert.DoesNotContain('%', output);
        Assert.StartsWith("line 0\nsame document\n\nline 1\n", File.ReadAllText(Out), StringComparison.Ordinal);
        Assert.Equal(7, File.ReadAllLines(Out + ".damaged.jsonl").Length);
        Assert.Equal(["corpus.txt", "corpus.txt.damaged.jsonl"],
            Directory.GetFiles(Path.GetDirectoryName(Out)!).Select(Path.GetFileName).Order());
    }

    /// <summary>Also where the system's encoding lacks these letters: Latin-1 here, and the encoding of the region on Windows.</summary>
    [Fact]
    public void Letters_of_every_language_are_shown()
    {
        string output = _folder.PathOf("말뭉치.txt");
        (int exitCode, string shown, string error) = SampleProcess.RunWith(
            new Dictionary<string, string> { ["LC_ALL"] = "en_US.ISO-8859-1" }, Assembly, ["text", .. Inputs(), "--out", output]);
        Assert.True(exitCode == 0, error + shown);
        Assert.Contains(output, shown, StringComparison.Ordinal);
    }

    /// <summary>Stops at every saved point of a run, each time with more on the disk than was saved, as after a kill.</summary>
    [Fact]
    public void A_run_cut_off_anywhere_goes_on_to_the_same_bytes()
    {
        string[] inputs = Inputs();
        TextOptions options = new(inputs, Out, "text", null, 1000, Resume: true) { SaveEvery = 1 };
        Run(options with { Out = _folder.PathOf("whole.txt"), Resume = false });

        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        int pieces = 0;
        while (!File.Exists(Out))
        {
            Assert.InRange(++pieces, 1, 100);
            try
            {
                Run(options, pieces < 20 ? stopped.Token : default);
            }
            catch (OperationCanceledException)
            {
                File.AppendAllText(Out + ".partial", "written after the last save");
                File.AppendAllText(Out + ".damaged.jsonl", "{}\n");
            }
        }

        Assert.Equal(20, pieces);
        Assert.Equal(File.ReadAllText(_folder.PathOf("whole.txt")), File.ReadAllText(Out));
        Assert.Equal(File.ReadAllText(_folder.PathOf("whole.txt.damaged.jsonl")), File.ReadAllText(Out + ".damaged.jsonl"));
        string[] figures = _shown.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, figures.Count(line => line.Contains("696 documents", StringComparison.Ordinal)));
    }

    [Fact]
    public void Another_jobs_progress_is_refused()
    {
        string[] inputs = Inputs();
        TextOptions options = new(inputs, Out, "text", null, 1000, Resume: true) { SaveEvery = 1 };
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        Assert.Throws<OperationCanceledException>(() => Run(options, stopped.Token));
        Assert.Contains("--field was 'text', is now 'body'",
            Assert.Throws<InvalidDataException>(() => Run(options with { Field = "body" })).Message, StringComparison.Ordinal);
        File.WriteAllText(Out + ".partial", "");
        Assert.Contains("the progress file says", Assert.Throws<InvalidDataException>(() => Run(options)).Message,
            StringComparison.Ordinal);
        File.WriteAllText(Out + ".progress.json",
            File.ReadAllText(Out + ".progress.json").Replace("\"Documents\":63", "\"Documents\":64", StringComparison.Ordinal));
        Assert.Contains("not a progress file", Assert.Throws<InvalidDataException>(() => Run(options)).Message, StringComparison.Ordinal);
        Run(options with { Resume = false });
        Assert.False(File.Exists(Out + ".progress.json"));
    }

    [Fact]
    public void Take_stops_at_the_end_of_a_document()
    {
        Run(new TextOptions(Inputs(), Out, "text", Take: 1000, 1000, Resume: false));
        string text = File.ReadAllText(Out);
        Assert.InRange(text.Length, 1000, 1030);
        Assert.EndsWith("same document\n\n", text, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "", "", "" }, // the parser's own message
        { "text --out o.txt", "inputs", "" },
        { "text a.jsonl", "--out", "" },
        { "text missing.txt --out o.txt", "missing.txt", "no such file" },
        { "text a.doc --out o.txt", "a.doc", ".parquet" },
        { "text @a.jsonl --out o.txt", "'@", "no such file" }, // not a response file
        { "text a.jsonl --out o.txt --take 0", "'0'", "from 1" },
        { "text a.jsonl --out o.txt --longest-line x", "'x'", "from 1" },
        { "windows a.jsonl --out o.txt", "o.txt", ".bin" },
        { "windows a.jsonl --out o.bin --split thirds", "'thirds'", "time or film" },
        { "windows a.jsonl --out o.bin --captions a.jsonl", "a.jsonl", ".srt, .vtt" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_command_line_is_refused(string line, string value, string limit)
    {
        string[] inputs = Inputs();
        string[] arguments = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(
            word => word == "a.jsonl" ? inputs[0] : word == "@a.jsonl" ? "@" + inputs[0] : word)];
        string error = string.Join('\n',
            CommandLine.Create((_, _) => { }, (_, _) => { }).Parse(arguments, Words).Errors.Select(fault => fault.Message));
        Assert.Contains(value, error, StringComparison.Ordinal);
        Assert.Contains(limit, error, StringComparison.Ordinal);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void An_unwritable_place_is_refused_and_nothing_is_left()
    {
        string file = _folder.Write("file", [1]);
        (int exitCode, _, string error) = SampleProcess.Run(Assembly, ["text", .. Inputs(), "--out", Path.Combine(file, "below.txt")]);
        Assert.Equal(1, exitCode);
        Assert.Contains("--out", error, StringComparison.Ordinal);
        Assert.Contains(file, error, StringComparison.Ordinal);
        Assert.Equal([1], File.ReadAllBytes(file));
        Assert.Equal(["a.jsonl", "b.txt", "file"], Directory.GetFileSystemEntries(_folder.FullName).Select(Path.GetFileName).Order());
    }
}

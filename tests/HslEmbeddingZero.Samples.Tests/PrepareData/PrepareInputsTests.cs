using System.Diagnostics;
using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Runs of the program over several files, some of which cannot be read.</summary>
public sealed class PrepareInputsTests : IDisposable
{
    private const string Assembly = "PrepareData.dll";
    private const string Pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out/corpus.txt");

    public void Dispose() => _folder.Dispose();

    private (int ExitCode, string Output, string Error) Text(params string[] arguments)
    {
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, ["text", .. arguments, "--out", Out]);
        return (exitCode, output, ProgressLines.Removed(error));
    }

    private static string Latin1(Encoding encoding, string text) => Encoding.Latin1.GetString(encoding.GetBytes(text));

    public static TheoryData<string, string?, string> Unreadable => new()
    {
        { "bad.parquet", Pointer, "Git LFS pointer" },
        { "bad.jsonl", Pointer, "Git LFS pointer" },
        { "bad.txt", Pointer, "Git LFS pointer" },
        { "bad.txt", "", "empty (0 bytes)" },
        { "bad.parquet", "", "empty (0 bytes)" },
        { "bad.jsonl", null, "there is no such file" },
        { "bad.txt", "\u00FF\u00FEa", "UTF-16" },
        { "bad.txt", Latin1(Encoding.Unicode, "Пример текста"), "UTF-16" }, // without a mark
        { "bad.jsonl", Latin1(Encoding.BigEndianUnicode, "«Пример»: 1"), "UTF-16" },
        { "bad.txt", Latin1(Encoding.UTF32, "Пример"), "UTF-16 or UTF-32" },
        { "bad.parquet", "PAR1 and then something else", "" },
        { "bad.txt", "locked", "used by another process" },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void A_file_that_cannot_be_read_is_listed_and_skipped_and_named_at_the_end(string name, string? content, string reason)
    {
        string good = _folder.Write("good.jsonl", """{"text":"before"}"""), last = _folder.Write("more.txt", "after\n");
        if (content is not null) _folder.Write(name, Encoding.Latin1.GetBytes(content));
        using FileStream? held = content == "locked"
            ? File.Open(_folder.PathOf(name), FileMode.Open, FileAccess.Read, FileShare.None) : null;
        (int exitCode, string output, string error) = Text(good, _folder.PathOf(name), last);
        Assert.Equal(1, exitCode);
        Assert.StartsWith($"error: 1 of 3 files were not read: {name} (", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Contains($"the others are in {Out}", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.Equal("before\n\nafter\n\n", File.ReadAllText(Out));
        string entry = Assert.Single(File.ReadAllLines(Out + ".damaged.jsonl"));
        Assert.Contains($"\"file\":\"{name}\",\"place\":\"the whole file\"", entry, StringComparison.Ordinal);
        Assert.Contains("damaged and skipped: 0 records and 1 files", output, StringComparison.Ordinal);
        Assert.Equal(["corpus.txt", "corpus.txt.damaged.jsonl"], Names("out"));
    }

    [Fact]
    public void Where_no_file_can_be_read_there_is_no_output_and_an_earlier_one_stays()
    {
        string empty = _folder.Write("empty.txt", ""), pointer = _folder.Write("pointer.jsonl", Pointer);
        string good = _folder.Write("good.txt", "good\n");
        Assert.Equal(0, Text(good).ExitCode);
        (int exitCode, _, string error) = Text(empty, pointer, _folder.PathOf("missing.txt"));
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: None of the 3 files can be read. empty.txt: the file is empty", error, StringComparison.Ordinal);
        Assert.Contains("pointer.jsonl: this is a Git LFS pointer", error, StringComparison.Ordinal);
        Assert.Equal("good\n\n", File.ReadAllText(Out));
        Assert.DoesNotContain("corpus.txt.partial", Names("out"));
        Assert.DoesNotContain("corpus.txt.progress.json", Names("out"));
    }

    [Fact]
    public void Many_unreadable_files_are_named_in_one_line_and_listed_in_full()
    {
        string good = _folder.Write("good.txt", "good\n");
        string[] bad = [.. Enumerable.Range(0, 20).Select(i => _folder.Write($"bad{i:00}.txt", ""))];
        (int exitCode, _, string error) = Text([good, .. bad]);
        Assert.Equal(1, exitCode);
        Assert.Contains("20 of 21 files", error, StringComparison.Ordinal);
        Assert.Contains("bad04.txt (the file is empty (0 bytes)) and 15 more", error, StringComparison.Ordinal);
        Assert.Equal(20, File.ReadAllLines(Out + ".damaged.jsonl").Length);
    }

    [Fact]
    public void A_folder_with_files_of_one_name_is_read_in_order_and_its_entries_are_told_apart()
    {
        _folder.Make("dump/y");
        _folder.Make("dump/x");
        _folder.Write("dump/y/a.jsonl", "damaged\n{\"text\":\"y\"}");
        _folder.Write("dump/x/a.jsonl", "{\"text\":\"x\"}\ndamaged");
        (int exitCode, _, string error) = SampleProcess.Run(Assembly, ["text", _folder.PathOf("dump"), "--out", Out]);
        Assert.True(exitCode == 0, error);
        Assert.Equal("x\n\ny\n\n", File.ReadAllText(Out));
        Assert.Equal(
            ["\"x/a.jsonl\",\"place\":\"line 2,", "\"y/a.jsonl\",\"place\":\"line 1,"],
            File.ReadAllLines(Out + ".damaged.jsonl").Select(line => line["{\"file\":".Length..].Split(" byte")[0]));
        Assert.Contains("x/a.jsonl  (1 of 2)  0%", error, StringComparison.Ordinal);
        Assert.Contains("y/a.jsonl  (2 of 2)  50%", error, StringComparison.Ordinal);
        Assert.Contains("y/a.jsonl  (2 of 2)  100%", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_full_disk_is_no_unreadable_input()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux has a file that is always full.");
        string good = _folder.Write("good.txt", "good\n"), more = _folder.Write("more.txt", "more\n");
        _folder.Make("out");
        File.CreateSymbolicLink(Out + ".partial", "/dev/full");
        (int exitCode, _, string error) = Text(good, more);
        Assert.Equal(1, exitCode);
        Assert.Contains("No space left", error, StringComparison.Ordinal);
        Assert.DoesNotContain("were not read", error, StringComparison.Ordinal);
    }

    /// <summary>This process holds the output at each stage of a run, and a second process comes.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_second_process_on_one_output_is_refused(bool resume)
    {
        string[] arguments = ["text", _folder.Write("a.txt", "text\n"), "--out", Out, .. resume ? (string[])["--resume"] : []];
        PreparedJob job = new(
            "text", [InputFile.Of(_folder.PathOf("a.txt"), "a.txt")], new FileNames([]),
            new Dictionary<string, string> { ["--field"] = "text", ["--longest-line"] = $"{16 << 20}" });
        using (PreparedFile<TextPreparation.State> first = new(Out, job, resume: false))
        {
            RequireRefusal();
            first.Stream.Write("one\n"u8);
            first.RecordPoint(job.Inputs[0], new TextPreparation.State());
            first.Save();
            RequireRefusal();
        }

        using (PreparedFile<TextPreparation.State> resumed = new(Out, job, resume: true))
        {
            Assert.Equal("one\n"u8.Length, resumed.Stream.Position);
            RequireRefusal();
        }

        Assert.Equal("one\n", File.ReadAllText(Out + ".partial"));
        Assert.Equal(0, SampleProcess.Run(Assembly, arguments).ExitCode);

        void RequireRefusal()
        {
            (int exitCode, _, string error) = SampleProcess.Run(Assembly, arguments);
            Assert.Equal(1, exitCode);
            Assert.Equal(
                $"error: {Out}.partial: another process is writing this file. Wait until it ends, or name another --out.\n", error);
        }
    }

    [SkippableFact]
    public void An_output_that_is_a_link_is_written_where_it_leads()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets not every user make links.");
        _folder.Make("out");
        string target = Path.Combine(_folder.Make("disk"), "real.txt");
        File.CreateSymbolicLink(Out, target);
        string input = _folder.Write("a.txt", "one\n");
        foreach (string text in new[] { "one", "two" })
        {
            _folder.Write("a.txt", text + "\n");
            Assert.Equal(0, Text(input).ExitCode);
            Assert.Equal(target, new FileInfo(Out).LinkTarget);
            Assert.Equal(text + "\n\n", File.ReadAllText(target));
            Assert.Equal(["real.txt"], Names("disk"));
        }

        PreparedJob job = new("text", [], new FileNames([]), new Dictionary<string, string>());
        using PreparedFile<object> open = new(Out, job, resume: false);
        Assert.Contains("real.txt.partial", Names("disk"));
    }

    [SkippableFact]
    public void Two_links_to_one_file_are_one_output_with_all_that_lies_beside_it()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets not every user make links.");
        _folder.Make("out");
        string target = Path.Combine(_folder.Make("disk"), "real.txt"), other = _folder.PathOf("out/other.txt");
        foreach (string link in new[] { Out, other }) File.CreateSymbolicLink(link, target);
        PreparedJob job = new("text", [InputFile.Of(_folder.Write("a.txt", "a\n"), "a.txt")], new FileNames([]),
            new Dictionary<string, string>());
        using (PreparedFile<object> first = new(Out, job, resume: false))
        {
            first.Stream.Write("one\n"u8);
            first.Damage.Add("a.txt", "line 1", "damaged");
            first.RecordDone(job.Inputs[0], fault: null, new object());
            first.Save();
            Assert.Contains("another process is writing this file",
                Assert.Throws<OutputException>(() => new PreparedFile<object>(other, job, resume: true)).Message, StringComparison.Ordinal);
        }

        Assert.Equal(["corpus.txt", "other.txt"], Names("out"));
        Assert.Equal(["real.txt.damaged.jsonl", "real.txt.partial", "real.txt.progress.json"], Names("disk"));
        using (PreparedFile<object> resumed = new(other, job, resume: true))
        {
            Assert.Equal((1, 4, 1), (resumed.Next, resumed.Stream.Position, resumed.Damage.Count));
            resumed.Finish();
        }

        Assert.Equal(["real.txt", "real.txt.damaged.jsonl"], Names("disk"));
        Assert.Equal("one\n", File.ReadAllText(Out));
        (int exitCode, _, string error) = Text(_folder.PathOf("disk/real.txt.damaged.jsonl"));
        Assert.Equal(1, exitCode);
        Assert.Contains("this is the output (--out)", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void An_output_that_is_replaced_keeps_its_permissions_also_while_it_is_written()
    {
        if (OperatingSystem.IsWindows()) throw new SkipException("Windows has other permissions.");
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        string input = _folder.Write("a.txt", "one\n");
        Assert.Equal(0, Text(input).ExitCode);
        File.SetUnixFileMode(Out, mode);
        PreparedJob job = new("text", [], new FileNames([]), new Dictionary<string, string>());
        using (PreparedFile<object> open = new(Out, job, resume: false)) Assert.Equal(mode, File.GetUnixFileMode(Out + ".partial"));
        Assert.Equal(0, Text(input).ExitCode);
        Assert.Equal(mode, File.GetUnixFileMode(Out));
    }

    [Fact]
    public void Progress_is_a_line_at_each_tenth_of_all_inputs_and_at_each_of_few()
    {
        InputFile[] few = [.. Enumerable.Range(0, 4).Select(i => new InputFile($"/{i}", $"{i}.txt", 100, 0))];
        Assert.Equal(
            ["0.txt  (1 of 4)  0%", "1.txt  (2 of 4)  25%", "1.txt  (2 of 4)  37%", "1.txt  (2 of 4)  50%",
                "2.txt  (3 of 4)  50%", "3.txt  (4 of 4)  75%", "3.txt  (4 of 4)  100%"],
            Lines(few));
        InputFile[] many = [.. Enumerable.Range(0, 40).Select(i => new InputFile($"/{i}", $"{i}.txt", 100, 0))];
        Assert.Equal(
            ["10%", "20%", "30%", "40%", "50%", "60%", "70%", "80%", "90%", "100%"], Lines(many).Select(line => line.Split("  ")[2]));

        static string[] Lines(InputFile[] inputs)
        {
            using StringWriter shown = new();
            IAnsiConsole console = AnsiConsole.Create(
                new AnsiConsoleSettings { Out = new AnsiConsoleOutput(shown), Interactive = InteractionSupport.No });
            console.Profile.Width = 200;
            ProgressReport.Run(console, inputs, progress =>
            {
                for (int i = 0; i < inputs.Length; i++)
                {
                    progress.Begin(i);
                    if (i == 1) progress.Show(1, 2);
                    if (i == 1) progress.Show(11, 10); // an estimate that was too small
                }
            });
            return [.. shown.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(
                line => string.Join("  ", line.Split("  ").Take(3)))];
        }
    }

    [SkippableFact]
    public void A_terminal_shows_one_bar_for_all_inputs()
    {
        const string terminal = "/usr/bin/script"; // runs a command on a terminal of its own
        Skip.IfNot(File.Exists(terminal), "The program script is not installed.");
        string a = _folder.Write("a.txt", "one\n"), b = _folder.Write("b.txt", "two\n");
        string program = Path.Combine(AppContext.BaseDirectory, Assembly);
        using Process process = Process.Start(new ProcessStartInfo(
            terminal, ["-qec", $"dotnet {program} text {a} {b} --out {Out}", "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            Environment = { ["TERM"] = "xterm", ["COLUMNS"] = "200" },
        })!;
        string shown = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, shown);
        Assert.Contains("b.txt  (2 of 2)", shown, StringComparison.Ordinal);
        Assert.Contains("100%", shown, StringComparison.Ordinal);
        Assert.Contains("2 documents", shown, StringComparison.Ordinal);
    }

    private string[] Names(string folder) => [.. Directory.GetFiles(_folder.PathOf(folder)).Select(file => Path.GetFileName(file)).Order()];
}

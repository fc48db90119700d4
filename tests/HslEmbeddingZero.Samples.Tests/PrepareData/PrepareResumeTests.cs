using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Runs over many files that are interrupted and resumed with another list of files.</summary>
public sealed class PrepareResumeTests : IDisposable
{
    private const int Records = 100; // more than between two looks at the clock
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _shown = new();
    private DateTime _time = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private string Out => _folder.PathOf("out/corpus.txt");

    public void Dispose()
    {
        _folder.Dispose();
        _shown.Dispose();
    }

    [Theory]
    [InlineData("a b c", "a b c d", "")] // one more at the end: nothing is done again
    [InlineData("a b c", "a b", "")] // the third was not begun
    [InlineData("a b c", "a c", "b.jsonl is no longer an input: c.jsonl is done now, and all after it")]
    [InlineData("a b c", "a", "b.jsonl is no longer an input: what came from it is removed")]
    [InlineData("a b c", "b a c", "a.jsonl has another place in the list: b.jsonl is done now, and all after it")]
    [InlineData("a b c", "d a b c", "a.jsonl has another place in the list: d.jsonl is done now, and all after it")]
    public void A_resumed_run_keeps_what_is_still_true_of_the_new_list(string before, string after, string said)
    {
        foreach (string name in new[] { "a", "b", "c", "d" }) Write(name + ".jsonl", name);
        TextOptions options = Options(Paths(before));
        Stop(options, 4); // twice in each file, so a and b are done
        CheckFinish(options with { Inputs = Paths(after) });
        if (said.Length > 0) Assert.Contains($"--resume: {said}.", _shown.ToString(), StringComparison.Ordinal);
        else Assert.DoesNotContain("--resume", _shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_replaced_file_and_all_after_it_are_done_again_and_this_is_said()
    {
        foreach (string name in new[] { "a", "b", "c" }) Write(name + ".jsonl", name);
        TextOptions options = Options(Paths("a b c"));
        Stop(options, 5);
        Write("b.jsonl", "B");
        CheckFinish(options);
        Assert.Contains("b.jsonl changed since: it and all after it are done again", _shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_a_new_file_makes_ambiguous_is_written_again()
    {
        _folder.Make("new");
        Write("a.jsonl", "a");
        Write("new/a.jsonl", "b");
        Write("b.jsonl", "c");
        TextOptions options = Options(Paths("a b"));
        Stop(options, 3);
        CheckFinish(options with { Inputs = [.. Paths("a b"), _folder.PathOf("new/a.jsonl")] });
        Assert.Contains("\"new/a.jsonl\"", File.ReadAllText(Out + ".damaged.jsonl"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--field was 'text', is now 'content'")]
    [InlineData("--longest-line was '1000', is now '2000'")]
    public void Another_option_is_refused_by_name_with_both_values_and_nothing_is_changed(string message)
    {
        Write("a.jsonl", "a");
        TextOptions options = Options(Paths("a"));
        Stop(options, 1);
        byte[] partial = File.ReadAllBytes(Out + ".partial"), progress = File.ReadAllBytes(Out + ".progress.json");
        TextOptions other = message.StartsWith("--field", StringComparison.Ordinal)
            ? options with { Field = "content" } : options with { LongestLine = 2000 };
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Run(other)).Message, StringComparison.Ordinal);
        Assert.Equal(partial, File.ReadAllBytes(Out + ".partial"));
        Assert.Equal(progress, File.ReadAllBytes(Out + ".progress.json"));
        CheckFinish(options);
    }

    [Fact]
    public void The_progress_of_another_command_is_refused()
    {
        Write("a.jsonl", "a");
        TextOptions options = Options(Paths("a"));
        Stop(options, 1);
        PreparedJob job = new("windows", [], new FileNames([]), options.Content);
        Assert.Contains("the command was 'text', is now 'windows'",
            Assert.Throws<InvalidDataException>(() => new PreparedFile<object>(Out, job, resume: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_progress_of_an_earlier_version_is_refused()
    {
        Write("a.jsonl", "a");
        TextOptions options = Options(Paths("a"));
        Stop(options, 1);
        File.WriteAllText(Out + ".progress.json", new string('0', 64) + "\n{\"Job\":\"text field=text\"}");
        Assert.Contains("an earlier version of this program wrote it",
            Assert.Throws<InvalidDataException>(() => Run(options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 900L)]
    [InlineData(900L, null)]
    [InlineData(900L, 3000L)]
    [InlineData(3000L, 900L)]
    [InlineData(3000L, 10L)]
    public void Another_take_goes_on_or_is_cut_back(long? before, long? after)
    {
        foreach (string name in new[] { "a", "b", "c" }) Write(name + ".jsonl", name);
        TextOptions options = Options(Paths("a b c")) with { Take = before };
        Stop(options, 4);
        CheckFinish(options with { Take = after });
    }

    /// <summary>A process that is killed between two steps of the cut leaves one of these states.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_kill_while_the_output_is_cut_back_loses_nothing_that_is_true(bool isOutputCut)
    {
        foreach (string name in new[] { "a", "b", "c" }) Write(name + ".jsonl", name);
        TextOptions options = Options(Paths("a b c"));
        Stop(options, 5);
        byte[] partial = File.ReadAllBytes(Out + ".partial"), damage = File.ReadAllBytes(Out + ".damaged.jsonl");
        InputList shorter = new(Paths("a c"), TextInput.Endings, Out, []);
        using (PreparedFile<TextPreparation.State> cut =
            new(Out, new PreparedJob("text", shorter.Files, shorter.Names, options.Content), resume: true))
            Assert.Equal(1, cut.Next);
        Assert.True(new FileInfo(Out + ".partial").Length < partial.Length);
        if (!isOutputCut)
        {
            File.WriteAllBytes(Out + ".partial", partial);
            File.WriteAllBytes(Out + ".damaged.jsonl", damage);
        }

        CheckFinish(options);
        Assert.DoesNotContain("--resume", _shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_progress_file_that_was_cut_off_in_its_last_line_counts_up_to_there()
    {
        foreach (string name in new[] { "a", "b", "c" }) Write(name + ".jsonl", name);
        TextOptions options = Options(Paths("a b c"));
        Stop(options, 5);
        using (FileStream progress = File.OpenWrite(Out + ".progress.json")) progress.SetLength(progress.Length - 10);
        CheckFinish(options);
    }

    [Fact]
    public void A_changed_line_of_the_progress_file_is_refused()
    {
        foreach (string name in new[] { "a", "b" }) Write(name + ".jsonl", name);
        TextOptions options = Options(Paths("a b"));
        Stop(options, 3);
        string[] lines = File.ReadAllLines(Out + ".progress.json");
        foreach (string[] changed in new string[][]
        {
            [.. lines[..2], .. lines[3..]], [lines[0], lines[2], lines[1], .. lines[3..]],
            [.. lines[..^1], lines[^1].Replace("b.jsonl", "a.jsonl", StringComparison.Ordinal)], [""], ["no digest"],
        })
        {
            File.WriteAllLines(Out + ".progress.json", changed);
            Assert.Contains("damaged, or not a progress file",
                Assert.Throws<InvalidDataException>(() => Run(options)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_could_not_be_read_is_tried_again()
    {
        foreach (string name in new[] { "a", "b", "c" }) Write(name + ".jsonl", name);
        TextOptions options = Options(Paths("a b c"));
        using (File.Open(_folder.PathOf("b.jsonl"), FileMode.Open, FileAccess.Read, FileShare.None))
        {
            Stop(options, 3);
            Assert.Single(File.ReadLines(Out + ".damaged.jsonl"), line => line.Contains("the whole file", StringComparison.Ordinal));
            Stop(options, 1);
            Assert.DoesNotContain("--resume", _shown.ToString(), StringComparison.Ordinal);
        }

        CheckFinish(options);
        Assert.Contains("b.jsonl was skipped and can be read now: it and all after it are done again", _shown.ToString(),
            StringComparison.Ordinal);
    }

    /// <summary>As a disk with a bad sector does it.</summary>
    [Theory]
    [InlineData("a b c")]
    [InlineData("b")]
    public void A_file_that_fails_in_the_middle_keeps_the_documents_before_and_says_where_it_stopped(string names)
    {
        foreach (string name in new[] { "a", "c" }) Write(name + ".jsonl", name);
        Set("b.jsonl", string.Concat(Enumerable.Range(0, Records).Select(i => $$"""{"text":"{{i:00}}"}{{"\n"}}""")));
        TextOptions options = Options(Paths(names)) with
        {
            Open = (path, field, position, longest) => Path.GetFileName(path) == "b.jsonl"
                ? new FailingInput(path, field, position, longest) : TextInput.Open(path, field, position, longest),
        };
        string message = Failure(() => Run(options))!.Message;
        Assert.Contains("b.jsonl (from byte 1120 of 1400 on: the disk has a fault)", message, StringComparison.Ordinal);
        Assert.Equal(
            [.. Enumerable.Range(0, 80).Select(i => $"{i:00}")], File.ReadAllLines(Out).Where(line => line.Length == 2));
        Assert.Contains("from byte 1120 of 1400 on", File.ReadAllText(Out + ".damaged.jsonl"), StringComparison.Ordinal);
        Stop(options, 3);
        CheckFinish(options);
    }

    /// <summary>Whatever happens to the files between the runs, the result is that of one run over the last list.</summary>
    [Fact]
    public void Any_sequence_of_stops_and_changes_ends_in_the_bytes_of_one_run()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            string[] names = [.. Enumerable.Range(0, 7).Select(i => $"{seed}-{(char)('a' + i)}.{(i % 2 == 0 ? "jsonl" : "txt")}")];
            foreach (string name in names) Change(name, random);
            List<string> list = [.. names.Where(_ => random.Next(4) > 0)];
            TextOptions options = Options([.. list.Select(_folder.PathOf)]) with
            {
                Out = _folder.PathOf($"out/{seed}.txt"),
                SaveEvery = random.Next(2) == 0 ? 1 : 3000,
                Take = random.Next(3) == 0 ? random.Next(1, 6000) : null,
            };
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                Stop(options, random.Next(8));
                switch (random.Next(6))
                {
                    case 0 when list.Count > 0:
                        list.RemoveAt(random.Next(list.Count));
                        break;
                    case 1:
                        list.Insert(random.Next(list.Count + 1), names[random.Next(names.Length)]);
                        break;
                    case 2:
                        list = [.. list.OrderBy(_ => random.Next())];
                        break;
                    case 3:
                        options = options with { Take = random.Next(2) == 0 ? random.Next(1, 6000) : null };
                        break;
                    default:
                        Change(names[random.Next(names.Length)], random);
                        break;
                }

                options = options with { Inputs = [.. list.Select(_folder.PathOf)] };
            }

            CheckFinish(options, $"seed {seed}");
        }
    }

    private string[] Paths(string names) => [.. names.Split(' ').Select(name => _folder.PathOf(name + ".jsonl"))];

    private TextOptions Options(string[] inputs) =>
        new(inputs, Out, "text", null, 1000, Resume: true) { SaveEvery = 1, SaveAfter = TimeSpan.Zero };

    private void Write(string name, string word) => Set(name, string.Concat(Enumerable.Range(0, Records).Select(
        i => i % 40 == 7 ? "damaged\n" : $$"""{"text":"{{word}} {{i}}"}{{"\n"}}""")));

    private void Set(string name, string content)
    {
        _folder.Write(name, content);
        _time = _time.AddSeconds(1);
        File.SetLastWriteTimeUtc(_folder.PathOf(name), _time);
    }

    /// <summary>Gives a file another content, which can also be none, or one that is refused.</summary>
    private void Change(string name, Random random)
    {
        int length = random.Next(150), kind = random.Next(8);
        string path = _folder.PathOf(name);
        if (kind == 0) File.Delete(path);
        else if (kind == 1) Set(name, "");
        else if (kind == 2) Set(name, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        else if (kind == 3 && name.EndsWith("txt", StringComparison.Ordinal)) _folder.Write(name, Encoding.Unicode.GetPreamble());
        else if (name.EndsWith("txt", StringComparison.Ordinal))
            Set(name, string.Concat(Enumerable.Range(0, length).Select(i => $"{random.Next()} {(random.Next(4) == 0 ? "\n\n" : "\n")}")));
        else
            Set(name, string.Concat(Enumerable.Range(0, length).Select(
                i => random.Next(9) == 0 ? "damaged\n" : $$"""{"text":"{{random.Next()}}"}{{"\n"}}""")));
    }

    /// <summary>Starts a run so often that each is stopped at its first saved point, with more on the disk than it saved.</summary>
    private void Stop(TextOptions options, int times)
    {
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        for (int i = 0; i < times; i++)
        {
            if (Failure(() => Run(options, stopped.Token)) is not OperationCanceledException) continue;
            File.AppendAllText(options.Out + ".partial", "written after the last save");
            File.AppendAllText(options.Out + ".damaged.jsonl", "{}\n");
        }
    }

    /// <summary>Ends the run, and compares everything with a run that was never stopped.</summary>
    private void CheckFinish(TextOptions options, string about = "")
    {
        string single = _folder.PathOf("single/corpus.txt");
        foreach (string file in Directory.Exists(Path.GetDirectoryName(single)!) ? Directory.GetFiles(Path.GetDirectoryName(single)!) : [])
            File.Delete(file);
        TextOptions once = options with { Out = single, Resume = false };
        string shownBefore = _shown.ToString();
        _shown.GetStringBuilder().Clear();
        string[] expected = [Failure(() => Run(once))?.Message ?? "done", .. Content(single), .. Figures(single)];
        _shown.GetStringBuilder().Clear().Append(shownBefore);
        string[] found = [Failure(() => Run(options))?.Message ?? "done", .. Content(options.Out), .. Figures(options.Out)];
        Assert.True(
            expected.Select(text => text.Replace(single, "OUT", StringComparison.Ordinal)).SequenceEqual(
                found.Select(text => text.Replace(options.Out, "OUT", StringComparison.Ordinal))),
            $"{about}: expected {string.Join('\n', expected)}, found {string.Join('\n', found)}");
    }

    private static IEnumerable<string> Content(string path) =>
        new[] { path, path + ".damaged.jsonl", path + ".partial", path + ".progress.json" }.Select(
            file => File.Exists(file) ? File.ReadAllText(file) : "none");

    /// <summary>The lines that a run shows at its end.</summary>
    private string[] Figures(string path)
    {
        string[] lines = _shown.ToString().Split('\n');
        int start = Array.FindLastIndex(lines, line => line.StartsWith($"{path}: ", StringComparison.Ordinal));
        return start < 0 ? [] : lines[start..(start + 3)];
    }

    private static Exception? Failure(Action run)
    {
        try
        {
            run();
            return null;
        }
        catch (Exception error) when (error is InvalidDataException or OperationCanceledException)
        {
            return error;
        }
    }

    /// <summary>Reads 80 lines of 14 bytes of a file.</summary>
    private sealed class FailingInput(string path, string field, TextPosition position, int longest) : TextInput(path, position)
    {
        private readonly TextInput _input = Open(path, field, position, longest);

        public override long BytesRead => _input.BytesRead;

        protected override TextPosition Place => _input.Position;

        public override void Dispose() => _input.Dispose();

        protected override bool ReadRecord(DocumentWriter writer, DamageLog damage) => _input.Position.Offset < 80 * 14
            ? _input.Next(writer, damage)
            : throw new IOException("the disk has a fault.");
    }

    private void Run(TextOptions options, CancellationToken cancellationToken = default)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(_shown),
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = 1000;
        TextPreparation.Run(console, console, options, cancellationToken);
    }
}

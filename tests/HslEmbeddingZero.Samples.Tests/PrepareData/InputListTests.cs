using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class InputListTests : IDisposable
{
    private static readonly string[] Endings = [".txt", ".jsonl"];
    private readonly TemporaryFolder _folder = new();

    public InputListTests()
    {
        _folder.Make("dump/y/deep");
        _folder.Make("dump/B");
        _folder.Make("dump/.hidden");
        _folder.Make("notes");
        foreach (string name in new[]
        {
            "dump/y/deep/b.jsonl", "dump/y/a.txt", "dump/y/a.TXT.md", "dump/B/A.TXT", "dump/z.txt", "dump/.hidden/c.txt", "dump/.d.txt",
            "notes/read.me", "one.jsonl", "star*.txt",
        }) _folder.Write(name, "x\n");
    }

    public void Dispose() => _folder.Dispose();

    private InputList List(params string[] paths) => ListTo("out.txt", paths);

    private InputList ListTo(string output, params string[] paths) =>
        new(paths.Select(_folder.PathOf), Endings, _folder.PathOf(output), beside: [".damaged.jsonl"]);

    private string[] Found(InputList list) =>
        [.. list.Files.Select(file => Path.GetRelativePath(_folder.FullName, file.Path).Replace('\\', '/'))];

    private void Link(string name, string target)
    {
        try
        {
            File.CreateSymbolicLink(_folder.PathOf(name), target);
        }
        catch (Exception error) when (OperatingSystem.IsWindows() && error is IOException or UnauthorizedAccessException)
        {
            Skip.If(true, "Windows lets this user make no links.");
        }
    }

    public static TheoryData<string, string[]> Lists => new()
    {
        { "dump", ["dump/B/A.TXT", "dump/y/a.txt", "dump/y/deep/b.jsonl", "dump/z.txt"] },
        { "dump/", ["dump/B/A.TXT", "dump/y/a.txt", "dump/y/deep/b.jsonl", "dump/z.txt"] },
        { "dump/**/*.jsonl", ["dump/y/deep/b.jsonl"] },
        { "dump/*.txt", ["dump/z.txt"] },
        { "dump/**/*", ["dump/B/A.TXT", "dump/y/a.txt", "dump/y/deep/b.jsonl", "dump/z.txt"] },
        { "dump/*/a.*", ["dump/y/a.txt"] },
        { "*/y/**", ["dump/y/a.txt", "dump/y/deep/b.jsonl"] },
        { "one.jsonl|dump/z.txt", ["one.jsonl", "dump/z.txt"] },
        { "star*.txt", ["star*.txt"] }, // the name of a file is no pattern
        { "dump/y|dump", ["dump/y/a.txt", "dump/y/deep/b.jsonl", "dump/B/A.TXT", "dump/z.txt"] },
        { "one.jsonl|one.jsonl|./one.jsonl", ["one.jsonl"] },
        { "one.jsonl|missing.txt", ["one.jsonl", "missing.txt"] },
    };

    [SkippableTheory]
    [MemberData(nameof(Lists))]
    public void Files_folders_and_patterns_become_one_ordered_list(string given, string[] expected)
    {
        Skip.If(OperatingSystem.IsWindows() && given.StartsWith("star", StringComparison.Ordinal), "Windows has no such names.");
        Assert.Equal(expected, Found(List(given.Split('|'))));
    }

    /// <summary>Spark writes x.txt as a folder of parts, with a file that says that they are all there.</summary>
    [Theory]
    [InlineData("spark/*.txt", "spark/x.txt/part-0.txt|spark/x.txt/part-1.txt|spark/y.txt")]
    [InlineData("spark/x*", "spark/x.txt/part-0.txt|spark/x.txt/part-1.txt")]
    [InlineData("spark/**/*.txt", "spark/x.txt/part-0.txt|spark/x.txt/part-1.txt|spark/y.txt")]
    [InlineData("spark/y.txt spark/*.txt", "spark/y.txt|spark/x.txt/part-0.txt|spark/x.txt/part-1.txt")]
    [InlineData("spark/x.txt/part-1.txt spark/*", "spark/x.txt/part-1.txt|spark/x.txt/part-0.txt|spark/y.txt")]
    public void A_folder_that_a_pattern_matches_is_read_as_a_folder(string given, string expected)
    {
        _folder.Make("spark/x.txt");
        foreach (string name in new[] { "x.txt/part-1.txt", "x.txt/part-0.txt", "x.txt/_SUCCESS", "x.txt/.part-0.txt.crc", "y.txt" })
            _folder.Write("spark/" + name, "x\n");
        Assert.Equal(expected.Split('|'), Found(List(given.Split(' '))));
    }

    [Theory]
    [InlineData("notes", "notes: no file to read is in this folder")]
    [InlineData("notes/**/*.txt", "notes/**/*.txt: no file to read is matched by this pattern")]
    [InlineData("nowhere/*.txt", "there is no folder")]
    [InlineData("missing.txt", "missing.txt: there is no such file")]
    [InlineData("dump/?.txt", "?.txt: there is no such file; a pattern can have * and ** only")]
    [InlineData("out.txt", "out.txt: this is the output (--out)")]
    [InlineData("out.txt.damaged.jsonl", "this is the output (--out)")]
    public void A_list_without_a_file_to_read_is_refused_by_name(string given, string message) =>
        Assert.Contains(message, WithSlashes(Assert.Throws<InvalidDataException>(() => List(given)).Message), StringComparison.Ordinal);

    private string WithSlashes(string text) =>
        text.Replace(_folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace('\\', '/');

    [Fact]
    public void What_a_folder_leaves_out_and_what_comes_twice_is_said()
    {
        InputList list = List("dump", "dump/z.txt", "dump/y");
        Assert.Equal(
            [
                "dump: 4 files are read; 1 with other endings are not: .md.",
                "dump/z.txt: this file is in the list already. It is read once.",
                "dump/y: 2 files are read; 1 with other endings are not: .md.",
                "dump/y: 2 of its files are in the list already, by this or another name. They are read once.",
            ],
            list.Notes.Select(WithSlashes));
    }

    [Fact]
    public void The_output_and_the_files_beside_it_are_no_inputs()
    {
        foreach (string name in new[]
        {
            "dump/out.txt", "dump/out.txt.partial", "dump/out.txt.damaged.jsonl", "dump/out.txt.progress.json",
            "dump/old.txt.damaged.jsonl",
        }) _folder.Write(name, "x\n");
        Assert.Equal(["dump/B/A.TXT", "dump/y/a.txt", "dump/y/deep/b.jsonl", "dump/z.txt"], Found(ListTo("dump/out.txt", "dump")));
    }

    [SkippableFact]
    public void Links_that_lead_round_end_and_a_file_with_two_names_is_read_once()
    {
        Link("dump/y/up", _folder.PathOf("dump"));
        Link("dump/y/self", _folder.PathOf("dump/y"));
        Link("dump/z2.txt", _folder.PathOf("dump/z.txt"));
        Link("dump/out", _folder.PathOf("notes"));
        Link("notes/linked.txt", _folder.PathOf("one.jsonl"));
        Link("dump/broken.txt", _folder.PathOf("nothing"));
        Link("dump/round.txt", _folder.PathOf("dump/round.txt"));
        InputList list = List("dump");
        Assert.Equal(
            [
                "dump/B/A.TXT", "dump/broken.txt", "dump/out/linked.txt", "dump/round.txt", "dump/y/a.txt", "dump/y/deep/b.jsonl",
                "dump/z.txt",
            ],
            Found(list));
        Assert.Equal(["broken.txt", "round.txt"], list.Files.Where(file => !file.Exists).Select(file => file.Name));
    }

    [Theory]
    [InlineData("a/x.txt|b/y.txt", "x.txt|y.txt")]
    [InlineData("a/x.txt|b/x.txt", "a/x.txt|b/x.txt")]
    [InlineData("a/x.txt|a/y.txt|b/X.txt|c/z.txt", "a/x.txt|a/y.txt|b/X.txt|z.txt")]
    [InlineData("a/x.txt|a/b/x.txt", "x.txt|b/x.txt")]
    [InlineData("a/p/x.txt|a/q/x.txt|ab/x.txt", "a/p/x.txt|a/q/x.txt|ab/x.txt")]
    public void Files_of_one_name_are_told_apart_by_their_folders(string paths, string names)
    {
        string[] all = [.. paths.Split('|').Select(_folder.PathOf)];
        FileNames found = new(all);
        Assert.Equal(names.Split('|'), all.Select(found.Of));
    }

    [Fact]
    public void A_file_beside_an_input_is_named_like_it()
    {
        FileNames names = new([_folder.PathOf("a/film.mp4"), _folder.PathOf("b/film.mp4")]);
        Assert.Equal("b/film.srt", names.Of(_folder.PathOf("b/film.srt")));
    }
}

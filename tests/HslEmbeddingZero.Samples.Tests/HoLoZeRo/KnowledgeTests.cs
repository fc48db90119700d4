using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

public sealed class KnowledgeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _store;

    public KnowledgeTests() => _store = _folder.PathOf("made/store.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_is_added_searched_and_described()
    {
        string texts = _folder.Make("texts/inner");
        File.WriteAllText(Path.Combine(texts, "b.txt"), "미나는 부산에 산다. Mina bakes bread.\e[31m");
        _folder.Write("texts/a.txt", "Joe is a pilot.");
        _folder.Write("texts/.hidden", "Nobody reads this.");
        string binary = _folder.Write("texts/c.bin", [0x80]);

        (int code, string output, string error) = Run("add", _folder.PathOf("texts"));
        Assert.Equal(
            (0, $"2 sources added, 0 replaced, 0 unchanged, 1 skipped: 3 new facts. {_store} has 3 facts of 2 sources.\n",
                $"Skipped: {binary}: not UTF-8 text: byte 0x80 at offset 0 begins no character.\n"), (code, output, error));
        Assert.Contains("0 sources added, 0 replaced, 2 unchanged,", Run("add", _folder.PathOf("texts/**/*.txt")).Output,
            StringComparison.Ordinal);

        (code, output, error) = Run("search", "who bakes BREAD?", "--most", "1");
        Assert.Equal((0, ""), (code, error));
        Assert.Matches($"^ +[0-9.]+  Mina bakes bread\\.\\\\x1B\\[31m  \\[{texts}/b\\.txt, byte 28\\]\n$", output);
        Assert.Contains("미나는 부산에 산다.", Run("search", "미나가 어디에 살아?").Output, StringComparison.Ordinal);
        (code, output, error) = Run("search", "");
        Assert.Equal((0, ""), (code, output));
        Assert.StartsWith("No fact shares", error, StringComparison.Ordinal);

        (code, output, error) = Run("info");
        Assert.Equal((0, ""), (code, error));
        string[] lines = output.Split('\n');
        Assert.StartsWith($"{_store}: 3 facts of 2 sources, ", lines[0], StringComparison.Ordinal);
        Assert.Equal([$"  {_folder.PathOf("texts/a.txt")}: 1 facts, 15 bytes", $"  {texts}/b.txt: 2 facts, 50 bytes"], lines[1..3]);
        Assert.StartsWith("The file is undamaged", lines[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bad.bin", "error: {0}/bad.bin: not UTF-8 text: byte 0xFF at offset 2 begins no character.")]
    [InlineData("gone.txt", "error: {0}/gone.txt: there is no such file or folder.")]
    [InlineData("empty", "error: {0}/empty: 0 files; the folder must have at least 1.")]
    [InlineData("*.gone", "error: {0}/*.gone: 0 files; the pattern must match at least 1.")]
    [InlineData("gone/*.txt", "error: {0}/gone/*.txt: there is no folder '{0}/gone'.")]
    public void What_was_named_and_cannot_be_added_is_an_error(string name, string message)
    {
        _folder.Write("bad.bin", [.. "ab"u8, 0xFF]);
        _folder.Make("empty");
        (int code, _, string error) = Run("add", $"{_folder.FullName}/{name}");
        Assert.Equal((1, message.Replace("{0}", _folder.FullName, StringComparison.Ordinal)), (code, error.TrimEnd()));
    }

    [Fact]
    public void A_file_that_is_no_store_is_an_error()
    {
        (int code, _, string error) = Run("search", "a");
        Assert.Equal((1, $"error: --store {_store}: there is no such file. 'knowledge add FILE' makes it.\n"), (code, error));
        _folder.Make("made");
        File.WriteAllText(_store, "text");
        (code, _, error) = Run("info");
        Assert.Equal((1, $"error: {_store}: 4 bytes that are no SQLite file, so this is no knowledge store.\n"), (code, error));
    }

    [SkippableFact]
    public void An_interrupted_import_goes_on_where_it_was()
    {
        SampleProcess.SkipUnlessInterruptible();
        const int facts = 400_000;
        string text = _folder.Write("many.txt", string.Concat(Enumerable.Range(0, facts).Select(i => $"n{i} is a fact.\n")));
        using (SampleProcess adding = new("HoLoZeRo.dll", "knowledge", "add", text, "--store", _store))
        {
            adding.WaitUntil(() => File.Exists(_store + "-wal") && new FileInfo(_store + "-wal").Length > 0);
            adding.Interrupt();
            (int code, _, string error) = adding.Finish();
            Assert.Equal(130, code);
            Assert.Equal($"Interrupted. The facts so far are kept in {_store}. The same command goes on there.", error.TrimEnd());
        }

        long kept;
        using (var store = KnowledgeStore.OpenRead(_store)) kept = store.Count;
        Assert.InRange(kept, 1, facts - 1);
        Assert.Contains($" {facts - kept} new facts.", Run("add", text).Output, StringComparison.Ordinal);
        Assert.Contains(": 400000 facts of 1 sources", Run("info").Output, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Run(string command, params string[] arguments) =>
        SampleProcess.Run("HoLoZeRo.dll", ["knowledge", command, .. arguments, "--store", _store]);
}

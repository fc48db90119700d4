using System.Text;

namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class TextCorpusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_embedded_corpus_is_the_one_that_provenance_names()
    {
        var sources = EmbeddedCorpus.Text.Sources;
        Assert.Equal(["text.en.txt", "text.ko.txt"], sources.Select(source => source.Name));
        Assert.Equal([2303361L, 1052179L], sources.Select(source => source.Bytes));
        Assert.Equal([696, 788], sources.Select(source => source.Documents));
        Assert.Equal([35, 39], sources.Select(source => source.HeldOutDocuments));
        Assert.Equal([0, 0], sources.Select(source => source.RepeatedDocuments));
        Assert.Equal("5363a6341378f8ffc6bf7fccb0ff1f1ef3f321dbf01848dcf7f8eac89523b6c9", sources[0].Sha256);
        Assert.Equal("05a6b3c54b9784ed1464eb28f1e54629126bb31403bc1e2fb20b49964cca00ca", sources[1].Sha256);
    }

    [Fact]
    public void No_document_is_on_both_sides_and_every_byte_but_the_empty_lines_is_on_one()
    {
        var corpus = EmbeddedCorpus.Text;
        var train = Documents(corpus.Train);
        var heldOut = Enumerable.Range(0, 2).SelectMany(source => Documents(corpus.HeldOut(source))).ToList();
        Assert.Equal(696 + 788, train.Count + heldOut.Count);
        Assert.Empty(train.Intersect(heldOut));

        var written = train.Concat(heldOut).Order(StringComparer.Ordinal);
        var inFiles = corpus.Sources.SelectMany(source => BlankLineSeparated(source.Path)).Order(StringComparer.Ordinal);
        Assert.Equal(inFiles, written);
    }

    [Fact]
    public void Held_out_documents_are_every_twentieth_from_the_eleventh_on()
    {
        var corpus = EmbeddedCorpus.Text;
        for (var source = 0; source < 2; source++)
        {
            var expected = BlankLineSeparated(corpus.Sources[source].Path).Where((_, index) => index % 20 == 10);
            Assert.Equal(expected, Documents(corpus.HeldOut(source)));
        }
    }

    [Fact]
    public void The_held_out_documents_of_a_file_do_not_depend_on_the_other_files()
    {
        var alone = TextCorpus.Load([EmbeddedCorpus.PathOf("text.ko.txt")]);
        Assert.True(alone.HeldOut(0).Span.SequenceEqual(EmbeddedCorpus.Text.HeldOut(1).Span));
        Assert.True(EmbeddedCorpus.Text.Train.Span.EndsWith(alone.Train.Span));
    }

    [Theory]
    [InlineData(0.5, 3, new[] { 1 })]
    [InlineData(0.05, 2, new[] { 1 })]
    [InlineData(0.05, 3, new[] { 1 })]
    [InlineData(0.25, 9, new[] { 2, 6 })]
    [InlineData(1e-12, 5, new[] { 2 })]
    public void At_least_one_document_of_a_file_is_held_out(double share, int documents, int[] expected)
    {
        var content = Enumerable.Range(0, documents).Select(i => new string((char)('a' + i), 1000));
        var path = _folder.Write("few.txt", string.Join("\n\n", content));
        var corpus = TextCorpus.Load([path], share);
        Assert.Equal(expected, Documents(corpus.HeldOut(0)).Select(document => document[0] - 'a'));
        Assert.Equal(documents - expected.Length, Documents(corpus.Train).Count);
    }

    [Fact]
    public void A_single_document_of_any_bytes_is_divided_by_position_with_nothing_shared()
    {
        var bytes = new byte[40_000];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)((i * 167) >> 3);
        Assert.DoesNotContain("\n\n", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);

        var corpus = TextCorpus.Load([_folder.Write("one.bin", bytes)]);
        Assert.Equal((2, 1), (corpus.Sources[0].Documents, corpus.Sources[0].HeldOutDocuments));
        Assert.Equal(38_001, corpus.Train.Length);
        Assert.Equal(2_001, corpus.HeldOut(0).Length);
        Assert.Equal(257, corpus.Train.Span[^1]);
        Assert.Equal(257, corpus.HeldOut(0).Span[^1]);
        Assert.Equal(bytes, corpus.Train[..^1].ToArray().Concat(corpus.HeldOut(0)[..^1].ToArray()).Select(id => (byte)id));
    }

    [Fact]
    public void A_held_out_document_that_training_repeats_is_left_out()
    {
        var documents = Enumerable.Range(0, 40).Select(i => new string((char)('A' + i), 1000)).ToArray();
        documents[0] = documents[10];
        var corpus = TextCorpus.Load([_folder.Write("repeat.txt", string.Join("\n\n", documents) + "\n")]);
        Assert.Equal([documents[30] + "\n"], Documents(corpus.HeldOut(0)));
        Assert.Equal((1, 1), (corpus.Sources[0].HeldOutDocuments, corpus.Sources[0].RepeatedDocuments));
        Assert.Equal(38, Documents(corpus.Train).Count);
    }

    [Fact]
    public void A_missing_file_is_named() => AssertRefused("no such file", _folder.PathOf("absent.txt"));

    [Fact]
    public void An_empty_file_is_refused() => AssertRefused("0 bytes", _folder.Write("empty.txt", ""));

    [Fact]
    public void A_file_of_empty_lines_is_refused() => AssertRefused("0 documents", _folder.Write("blank.txt", "\n\n\n"));

    [Fact]
    public void A_held_out_part_shorter_than_one_sample_is_refused() =>
        AssertRefused("its held-out part is 767 ids of 15320 bytes; at least 768", _folder.Write("short.txt", new string('x', 15_320)));

    [Fact]
    public void A_held_out_part_of_exactly_one_sample_is_enough() =>
        Assert.Equal(768, TextCorpus.Load([_folder.Write("enough.txt", new string('x', 15_340))]).HeldOut(0).Length);

    [Fact]
    public void A_training_part_shorter_than_one_sample_is_refused() =>
        AssertRefused("its training part is 3 ids", _folder.Write("short.txt", "x\n\n" + new string('y', 2000)));

    [Fact]
    public void Each_source_is_long_enough_by_itself() => AssertRefused(
        "short.txt: its held-out part", EmbeddedCorpus.PathOf("text.en.txt"), _folder.Write("short.txt", new string('x', 1000)));

    [Fact]
    public void The_same_content_twice_is_refused()
    {
        var content = new string('x', 20_000);
        AssertRefused("the same 20000 bytes", _folder.Write("a.txt", content), _folder.Write("b.txt", content));
    }

    [Fact]
    public void A_file_too_long_for_one_array_is_refused_before_it_is_read()
    {
        var path = _folder.PathOf("huge.txt");
        using (var file = File.Create(path))
            file.SetLength(3_000_000_000);
        AssertRefused("3000000000 bytes; at most 2147483591", path);
    }

    [Fact]
    public void Files_too_long_together_are_refused_before_they_are_read()
    {
        string[] paths = [_folder.PathOf("big.txt"), _folder.PathOf("big2.txt")];
        foreach (var path in paths)
            using (var file = File.Create(path))
                file.SetLength(1_500_000_000);
        AssertRefused("big2.txt: with it the corpus comes to 3000000000 bytes", paths);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.1)]
    [InlineData(0.51)]
    [InlineData(double.NaN)]
    public void A_share_out_of_range_is_refused(double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TextCorpus.Load([EmbeddedCorpus.PathOf("text.ko.txt")], share));

    [Fact]
    public void No_files_are_refused() => Assert.Throws<ArgumentException>(() => TextCorpus.Load([]));

    [Fact]
    public void A_source_that_is_not_there_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddedCorpus.Text.HeldOut(2));

    private static void AssertRefused(string expected, params string[] paths)
    {
        var refusal = Assert.Throws<CorpusException>(() => TextCorpus.Load(paths));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(paths[^1], refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The documents between the closing ids, one Latin-1 character a byte.</summary>
    private static List<string> Documents(ReadOnlyMemory<short> ids)
    {
        var text = new string(Array.ConvertAll(ids.ToArray(), id => (char)id));
        Assert.EndsWith("\u0101", text, StringComparison.Ordinal);
        return [.. text[..^1].Split('\u0101')];
    }

    private static IEnumerable<string> BlankLineSeparated(string path) =>
        Encoding.Latin1.GetString(File.ReadAllBytes(path))
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(document => document + "\n");
}

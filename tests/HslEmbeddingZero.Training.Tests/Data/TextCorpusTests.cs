using System.Text;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class TextCorpusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_embedded_corpus_is_the_one_that_provenance_names()
    {
        IReadOnlyList<TextInput> inputs = EmbeddedCorpus.Text.Inputs;
        Assert.Equal(["text.en.txt", "text.ko.txt"], inputs.Select(input => input.Name));
        Assert.Equal([EmbeddedCorpus.PathOf("text.en.txt"), EmbeddedCorpus.PathOf("text.ko.txt")], inputs.Select(input => input.Path));
        Assert.Equal([1, 1], inputs.Select(input => input.Files));
        Assert.Equal([2303361L, 1052179L], inputs.Select(input => input.Bytes));
        Assert.Equal([696L, 788L], inputs.Select(input => input.Documents));
        Assert.Equal([35L, 39L], inputs.Select(input => input.HeldOutDocuments));
        Assert.Equal([0L, 0L], inputs.Select(input => input.RepeatedDocuments));
        Assert.Equal("5363a6341378f8ffc6bf7fccb0ff1f1ef3f321dbf01848dcf7f8eac89523b6c9", inputs[0].Sha256);
        Assert.Equal("05a6b3c54b9784ed1464eb28f1e54629126bb31403bc1e2fb20b49964cca00ca", inputs[1].Sha256);
        Assert.Equal(0.05, EmbeddedCorpus.Text.HeldOutShare);
        Assert.Empty(EmbeddedCorpus.Text.Skipped);
    }

    [Fact]
    public void No_document_is_on_both_sides_and_every_byte_but_the_empty_lines_is_on_one()
    {
        TextCorpus corpus = EmbeddedCorpus.Text;
        List<string> train = Documents(corpus.Train);
        var heldOut = Enumerable.Range(0, 2).SelectMany(input => Documents(corpus.HeldOut(input))).ToList();
        Assert.Equal(696 + 788, train.Count + heldOut.Count);
        Assert.Empty(train.Intersect(heldOut));

        IOrderedEnumerable<string> written = train.Concat(heldOut).Order(StringComparer.Ordinal);
        IOrderedEnumerable<string> inFiles =
            corpus.Inputs.SelectMany(input => BlankLineSeparated(input.Path)).Order(StringComparer.Ordinal);
        Assert.Equal(inFiles, written);
    }

    [Fact]
    public void Held_out_documents_are_every_twentieth_from_the_eleventh_on()
    {
        TextCorpus corpus = EmbeddedCorpus.Text;
        for (int input = 0; input < 2; input++)
        {
            IEnumerable<string> expected = BlankLineSeparated(corpus.Inputs[input].Path).Where((_, index) => index % 20 == 10);
            Assert.Equal(expected, Documents(corpus.HeldOut(input)));
        }
    }

    [Fact]
    public void The_held_out_documents_of_a_file_do_not_depend_on_the_other_files()
    {
        var alone = TextCorpus.Load([EmbeddedCorpus.PathOf("text.ko.txt")]);
        Assert.Equal(EmbeddedCorpus.Text.HeldOut(1).ToArray(), alone.HeldOut(0).ToArray());
        Assert.True(EmbeddedCorpus.Text.Train.ToArray().AsSpan().EndsWith(alone.Train.ToArray()));
    }

    [Theory]
    [InlineData(0.5, 3, new[] { 1 })]
    [InlineData(0.05, 2, new[] { 1 })]
    [InlineData(0.05, 3, new[] { 1 })]
    [InlineData(0.25, 9, new[] { 2, 6 })]
    [InlineData(1e-12, 5, new[] { 2 })]
    public void At_least_one_document_of_a_file_is_held_out(double share, int documents, int[] expected)
    {
        IEnumerable<string> content = Enumerable.Range(0, documents).Select(i => new string((char)('a' + i), 1000));
        string path = _folder.Write("few.txt", string.Join("\n\n", content));
        var corpus = TextCorpus.Load([path], share);
        Assert.Equal(expected, Documents(corpus.HeldOut(0)).Select(document => document[0] - 'a'));
        Assert.Equal(documents - expected.Length, Documents(corpus.Train).Count);
    }

    [Fact]
    public void A_single_document_of_any_bytes_is_divided_by_position_with_nothing_shared()
    {
        byte[] bytes = new byte[40_000];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)((i * 167) >> 3);
        Assert.DoesNotContain("\n\n", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);

        var corpus = TextCorpus.Load([_folder.Write("one.bin", bytes)]);
        Assert.Equal((2L, 1L), (corpus.Inputs[0].Documents, corpus.Inputs[0].HeldOutDocuments));
        Assert.Equal(38_001, corpus.Train.Length);
        Assert.Equal(2_001, corpus.HeldOut(0).Length);
        short[] train = corpus.Train.ToArray(), heldOut = corpus.HeldOut(0).ToArray();
        Assert.Equal(ByteIds.EndOfSequence, train[^1]);
        Assert.Equal(ByteIds.EndOfSequence, heldOut[^1]);
        Assert.Equal(bytes, train[..^1].Concat(heldOut[..^1]).Select(id => (byte)id));
    }

    [Fact]
    public void A_held_out_document_that_training_repeats_is_left_out()
    {
        string[] documents = Enumerable.Range(0, 40).Select(i => new string((char)('A' + i), 1000)).ToArray();
        documents[0] = documents[10];
        var corpus = TextCorpus.Load([_folder.Write("repeat.txt", string.Join("\n\n", documents) + "\n")]);
        Assert.Equal([documents[30] + "\n"], Documents(corpus.HeldOut(0)));
        Assert.Equal((1L, 1L), (corpus.Inputs[0].HeldOutDocuments, corpus.Inputs[0].RepeatedDocuments));
        Assert.Equal(38, Documents(corpus.Train).Count);
    }

    [Fact]
    public void A_missing_file_is_named() => AssertRefused("no such file", _folder.PathOf("absent.txt"));

    [Fact]
    public void An_empty_file_is_refused() => AssertRefused("0 bytes", _folder.Write("empty.txt", ""));

    [Fact]
    public void A_file_of_empty_lines_is_refused() => AssertRefused("0 documents", _folder.Write("blank.txt", "\n\n\n"));

    [Fact]
    public void A_held_out_part_shorter_than_one_sample_is_refused() => AssertTooShort(
        "its held-out part is 767 ids of 15320 bytes; at least 768 are needed (512 of context and 256 to score). "
        + "Use more text, shorter samples or another held-out share.",
        _folder.Write("short.txt", new string('x', 15_320)));

    [Fact]
    public void A_held_out_part_of_exactly_one_sample_is_enough()
    {
        var corpus = TextCorpus.Load([_folder.Write("enough.txt", new string('x', 15_340))]);
        TextSource source = new(corpus);
        Assert.Equal(source.Shape.Length, corpus.HeldOut(0).Length);
        Assert.Equal(1, source.HeldOut!.Count);
    }

    [Fact]
    public void A_training_part_shorter_than_one_sample_is_refused() =>
        AssertTooShort("its training part is 3 ids", _folder.Write("short.txt", "x\n\n" + new string('y', 2000)));

    [Fact]
    public void Each_input_is_long_enough_by_itself() => AssertTooShort(
        "short.txt: its held-out part", EmbeddedCorpus.PathOf("text.en.txt"), _folder.Write("short.txt", new string('x', 1000)));

    [Fact]
    public void A_held_out_part_need_not_be_long_where_nothing_of_it_is_scored() =>
        Assert.Null(new TextSource(TextCorpus.Load([_folder.Write("short.txt", new string('x', 15_320))]), heldOutSamples: 0).HeldOut);

    [Fact]
    public void The_same_content_twice_is_refused()
    {
        string content = new string('x', 20_000);
        AssertRefused("the same 20000 bytes", _folder.Write("a.txt", content), _folder.Write("b.txt", content));
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
    public void An_input_that_is_not_there_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddedCorpus.Text.HeldOut(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddedCorpus.Text.HeldOut(-1));
    }

    private static void AssertRefused(string expected, params string[] paths)
    {
        CorpusException refusal = Assert.Throws<CorpusException>(() => TextCorpus.Load(paths));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(paths[^1], refusal.Message, StringComparison.Ordinal);
    }

    private static void AssertTooShort(string expected, params string[] paths)
    {
        var corpus = TextCorpus.Load(paths);
        CorpusException refusal = Assert.Throws<CorpusException>(() => new TextSource(corpus));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(paths[^1], refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The documents between the closing ids, one Latin-1 character per byte.</summary>
    private static List<string> Documents(TextIds ids)
    {
        string text = new string(Array.ConvertAll(ids.ToArray(), id => (char)id));
        Assert.Equal((char)ByteIds.EndOfSequence, text[^1]);
        return [.. text[..^1].Split((char)ByteIds.EndOfSequence)];
    }

    private static IEnumerable<string> BlankLineSeparated(string path) =>
        Encoding.Latin1.GetString(File.ReadAllBytes(path))
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(document => document + "\n");
}

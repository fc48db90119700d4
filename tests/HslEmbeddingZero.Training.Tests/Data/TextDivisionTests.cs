using System.Security.Cryptography;
using System.Text;
using CsCheck;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>Training and held-out ids against <see cref="TextReference"/>, in memory and from files with and without an index.</summary>
public sealed class TextDivisionTests : IDisposable
{
    private const int Chunk = 1 << 20; // chunk size of the indexer
    private static readonly Gen<double> Share = Gen.Int[0, 2].Select(i => new[] { 0.05, 0.25, 0.5 }[i]);

    /// <summary>Each UNIQUE becomes a different number.</summary>
    private static readonly string[] Pieces =
    [
        "a", "bc\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", " \n", "UNIQUE\n", "UNIQUE\n\n", "UNIQUE\r\n\r\n", "UNIQUE", new('\n', 300),
        Repeat("\r\n", 200), Repeat("UNIQUE\n\n", 60), Repeat("UNIQUE line\n", 700), Line(8191), Line(8192), Line(8193), Line(16_384),
        Line(16_385), Line(20_001), Line(20_001) + "\n", Line(40_000) + "\r\n",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\nb\n", new[] { "a\nb\n" })]
    [InlineData("a\n\nb", new[] { "a\n", "b" })]
    [InlineData("a\n\n\n\nb\n\n", new[] { "a\n", "b\n" })]
    [InlineData("a\r\n\r\nb\r\nc\r\n\r\n", new[] { "a\r\n", "b\r\nc\r\n" })]
    [InlineData("\n\na\n\n", new[] { "a\n" })]
    [InlineData("a\n \nb\n", new[] { "a\n \nb\n" })]
    [InlineData("a\rb\r", new[] { "a\rb\r" })]
    public void An_empty_line_ends_a_document_and_belongs_to_none(string text, string[] expected)
    {
        Assert.Equal(expected, TextReference.Documents(Encoding.UTF8.GetBytes(text)).Select(Encoding.UTF8.GetString));

        // One in four is held out, beginning with the third. All after it are for training.
        var corpus = TextCorpus.FromText("0\n\n1\n\n2\n\n" + text, 0.25);
        Assert.Equal(["2\n"], Documents(corpus.HeldOut(0)));
        Assert.Equal(["0\n", "1\n", .. expected], Documents(corpus.Train));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\n\n\r\n")]
    public void A_text_without_documents_is_refused(string text) => Assert.Throws<CorpusException>(() => TextCorpus.FromText(text));

    [Fact]
    public void A_text_of_any_lines_is_divided_as_documented() =>
        Gen.Select(Gen.Int[0, Pieces.Length - 1].Array[1, 40], Share, Gen.Int).Sample(
            (pieces, share, seed) => Check([[Text(pieces)]], share, seed), iter: 300, threads: 1);

    [Fact]
    public void Several_texts_are_divided_one_by_one_and_what_one_trains_on_another_does_not_hold_out() =>
        Gen.Select(Gen.Int[0, Pieces.Length - 1].Array[1, 25].Array[2, 4], Share, Gen.Int).Sample(
            (texts, share, seed) => Check([.. texts.Select(pieces => (byte[][])[Text(pieces)])], share, seed), iter: 150, threads: 1);

    [Fact]
    public void The_files_of_a_folder_are_divided_together() =>
        Gen.Select(Gen.Int[0, Pieces.Length - 1].Array[1, 25].Array[1, 4].Array[1, 2], Share, Gen.Int).Sample(
            (folders, share, seed) =>
                Check([.. folders.Select(texts => (byte[][])[.. texts.Select(Text)])], share, seed), iter: 150, threads: 1);

    public static TheoryData<string> Boundaries => new("\n\r\n", "x\r\n\r\n", "\n\n", "x\r\r\n", "\r", "\r\n\n\r\n");

    /// <summary>
    /// A file is read in chunks. Lines, also empty ones of two bytes, and documents that cross the end of a chunk are read like all others.
    /// </summary>
    [Theory]
    [MemberData(nameof(Boundaries))]
    public void Lines_across_the_ends_of_what_is_read_at_once_are_found(string lines)
    {
        byte[] documents = Text(Repeat(Repeat("some words and some more,\n", 25) + "\nUNIQUE\n", 2_000)), oneLine = Text(Line(Chunk));
        for (int after = 0; after <= lines.Length; after++)
        {
            Check([[[.. documents[..(Chunk - after)], .. Text(lines)]]], 0.25, after, copies: 8);
            Check([[[.. documents[..(Chunk - after)], .. Text(lines + "\ntail\n\nend\n")]]], 0.25, after, copies: 8);
            Check([[[.. oneLine[..(Chunk - after)], .. Text(lines + "tail")]]], 0.25, after, copies: 8);
        }

        Check([[[.. oneLine[..^1], .. Text(lines), .. oneLine[..^3], .. Text(lines + "end")]]], 0.25, 0, copies: 8);
    }

    [Fact]
    public void Content_of_a_program_is_divided_as_a_file_is()
    {
        byte[] text = Text(Repeat("A line, UNIQUE, of a text: 안녕.\n\n", 300));
        using var file = TextCorpus.Load([_folder.Write("text.txt", text)], 0.25);
        using MemoryStream stream = new([1, 2, 3, .. text]);
        stream.Position = 3;
        TextCorpus[] others =
        [
            TextCorpus.FromText(Encoding.UTF8.GetString(text), 0.25),
            TextCorpus.FromBytes(text, 0.25),
            TextCorpus.FromStream(stream, 0.25),
            TextCorpus.FromBytes(text, 0.25, "prose"),
        ];
        Assert.All(others, other =>
        {
            Assert.Equal(file.Train.ToArray(), other.Train.ToArray());
            Assert.Equal(file.HeldOut(0).ToArray(), other.HeldOut(0).ToArray());
            Assert.Equal(file.Inputs[0] with { Name = other.Inputs[0].Name, Path = "", Files = 0 }, other.Inputs[0]);
            Assert.Equal(new TextSource(file).Fingerprint, new TextSource(other).Fingerprint);
        });
        Assert.Equal(["text", "text", "text", "prose"], others.Select(other => other.Inputs[0].Name));
        Assert.True(stream.CanRead); // the caller owns the stream
        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public void Content_of_a_program_that_cannot_be_used_is_refused()
    {
        CorpusException refusal = Assert.Throws<CorpusException>(() => TextCorpus.FromText("", name: "prose"));
        Assert.Contains("prose: 0 bytes", refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<CorpusException>(() => TextCorpus.FromBytes("\n\r\n"u8.ToArray(), name: "prose"));
        Assert.Contains("prose: 3 bytes and 0 documents", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<CorpusException>(() => TextCorpus.FromStream(Stream.Null));
        Assert.Throws<ArgumentNullException>(() => TextCorpus.FromText(null!));
        Assert.Throws<ArgumentNullException>(() => TextCorpus.FromStream(null!));
        Assert.Throws<ArgumentException>(() => TextCorpus.FromText("a", name: ""));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextCorpus.FromText("a", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextCorpus.FromText("a", 0.6));
    }

    [Fact]
    public void A_place_out_of_range_is_refused()
    {
        TextIds ids = TextCorpus.FromText(Repeat("UNIQUE\n\n", 40)).Train;
        short[] ten = new short[10];
        ids.CopyTo(ids.Length - 10, ten);
        ids.CopyTo(ids.Length, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => ids.CopyTo(-1, ten));
        Assert.Throws<ArgumentOutOfRangeException>(() => ids.CopyTo(ids.Length - 9, ten));
        Assert.Throws<ArgumentOutOfRangeException>(() => ids.CopyTo(long.MaxValue, ten));
        Assert.Throws<ArgumentOutOfRangeException>(() => ids.CopyTo(ids.Length + 1, []));
    }

    /// <summary>Longer than an array can be. Its middle is sparse and takes no disk space.</summary>
    [Fact]
    public void A_file_longer_than_memory_holds_is_read_where_it_lies()
    {
        const long length = 2_300_000_000;
        string path = _folder.Write("long.txt", "first\n\nsecond\n\nthird ");
        using (FileStream file = File.OpenWrite(path))
        {
            file.Position = length;
            file.Write("end\n\nlast\n"u8);
        }

        using var corpus = TextCorpus.Load([path], 0.3);
        Assert.Equal((length + 10, 4L, 1L), (corpus.Inputs[0].Bytes, corpus.Inputs[0].Documents, corpus.Inputs[0].HeldOutDocuments));
        Assert.Equal(["second\n"], Documents(corpus.HeldOut(0)));
        Assert.Equal("first\n".Length + 1 + length + 4 - "first\n\nsecond\n\n".Length + 1 + 5 + 1, corpus.Train.Length);
        short[] ids = new short[20];
        corpus.Train.CopyTo(corpus.Train.Length - 20, ids);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 0, .. Ids.Of("end\n"u8), 257, .. Ids.Of("last\n"u8), 257], ids);
        corpus.Train.CopyTo(length / 2, ids);
        Assert.Equal(new short[20], ids);
        corpus.Train.CopyTo(4, ids);
        Assert.Equal([.. Ids.Of("t\n"u8), 257, .. Ids.Of("third "u8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ids);
        Assert.Throws<InvalidOperationException>(corpus.Train.ToArray);
    }

    private static string Repeat(string piece, int times) => string.Concat(Enumerable.Repeat(piece, times));

    private static string Line(int length) => new('x', length);

    private static byte[] Text(int[] pieces) => Text(string.Concat(pieces.Select(piece => Pieces[piece])));

    private static byte[] Text(string text)
    {
        StringBuilder unique = new(text.Length);
        string[] parts = text.Split("UNIQUE");
        for (int i = 0; i < parts.Length; i++)
        {
            if (i > 0) unique.Append(i * 7919 % 9973).Append('.').Append(i);
            unique.Append(parts[i]);
        }

        return Encoding.UTF8.GetBytes(unique.ToString());
    }

    private static string[] Documents(TextIds ids) =>
        new string([.. ids.ToArray().Select(id => (char)id)]).Split('\u0101', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>All ways of reading the inputs give the result of the reference. An input with several files is a folder.</summary>
    private void Check(byte[][][] inputs, double share, int seed, int copies = 30)
    {
        // The same content may be listed only once. Where no file can be used, the error is the documented one.
        HashSet<string> seen = [];
        byte[][][] used = [.. inputs.Select(files => files.Where(IsUsed).ToArray())];
        string[] paths = [.. used.Select((files, i) => Write(i, files))];
        if (used.Any(files => files.Length == 0)) return;
        if (used.Any(files => files.All(file => TextReference.Documents(file).Count == 0)))
        {
            Assert.Throws<CorpusException>(() => TextCorpus.Load(paths, share));
            return;
        }

        TextReference expected = new(used, share);
        long longest = used.Max(files => files.Max(file => file.LongLength)), all = used.Sum(files => files.Sum(file => file.LongLength));
        Random random = new(seed);
        AssertEqual(long.MaxValue);
        if (longest < all) AssertEqual(longest + 1); // from files, without an index
        AssertEqual(largeFrom: 1);
        AssertEqual(largeFrom: 1); // with the index

        bool IsUsed(byte[] file) => file.Length > 0 && seen.Add(Convert.ToHexString(SHA256.HashData(file)));

        void AssertEqual(long largeFrom)
        {
            using var corpus = TextCorpus.Load(paths, share, largeFrom, null, default);
            AssertIds(expected.Train, corpus.Train);
            Assert.Equal(expected.HeldOut.Length, corpus.Inputs.Count);
            for (int input = 0; input < corpus.Inputs.Count; input++) AssertIds(expected.HeldOut[input], corpus.HeldOut(input));
        }

        void AssertIds(short[] ids, TextIds actual)
        {
            Assert.Equal(ids.Length, actual.Length);
            Assert.True(ids.AsSpan().SequenceEqual(actual.ToArray()), "all ids");
            short[] some = new short[ids.Length];
            for (int i = 0; i < copies && ids.Length > 0; i++)
            {
                int start = random.Next(ids.Length), length = random.Next(1 + Math.Min(ids.Length - start, 1 << random.Next(17)));
                actual.CopyTo(start, some.AsSpan(0, length));
                Assert.True(ids.AsSpan(start, length).SequenceEqual(some.AsSpan(0, length)), $"{length} ids from {start}");
            }
        }
    }

    private string Write(int input, byte[][] files)
    {
        string path = _folder.PathOf($"input{input}");
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        foreach (string old in Directory.GetFiles(Path.GetDirectoryName(path)!, $"input{input}*")) File.Delete(old);
        if (files.Length == 1) return _folder.Write($"input{input}", files[0]);
        Directory.CreateDirectory(path);
        for (int i = 0; i < files.Length; i++) _folder.Write(Path.Combine(path, $"{i}.txt"), files[i]);
        return path;
    }
}

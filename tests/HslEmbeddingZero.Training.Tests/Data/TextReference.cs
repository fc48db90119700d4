using System.Security.Cryptography;

namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>A simple second implementation of what <see cref="TextCorpus"/> documents: whole texts in memory, line by line.</summary>
internal sealed class TextReference
{
    /// <param name="inputs">The contents of the files of each input.</param>
    /// <param name="share">The held-out share.</param>
    public TextReference(IReadOnlyList<IReadOnlyList<byte[]>> inputs, double share)
    {
        List<(List<byte[]> Train, List<byte[]> HeldOut, bool IsOneDocument)> sides = [.. inputs.Select(files => Divide(files, share))];
        HashSet<string> trained = [.. sides.Where(side => !side.IsOneDocument).SelectMany(side => side.Train).Select(Key)];
        Train = Concatenate(sides.SelectMany(side => side.Train));
        HeldOut = [.. sides.Select(side => Concatenate(
            side.HeldOut.Where(document => side.IsOneDocument || !trained.Contains(Key(document)))))];
    }

    public short[] Train { get; }

    public short[][] HeldOut { get; }

    /// <summary>The documents of one file: lines between lines that are only "\n" or "\r\n".</summary>
    public static List<byte[]> Documents(byte[] text)
    {
        List<byte[]> documents = [];
        int document = 0, line = 0; // start positions
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\n' && i < text.Length - 1) continue;
            bool isEmpty = text.AsSpan(line..(i + 1)) is [(byte)'\n'] or [(byte)'\r', (byte)'\n'];
            int end = isEmpty ? line : i + 1;
            if (isEmpty || i == text.Length - 1)
            {
                if (end > document) documents.Add(text[document..end]);
                document = i + 1;
            }

            line = i + 1;
        }

        return documents;
    }

    private static (List<byte[]> Train, List<byte[]> HeldOut, bool IsOneDocument) Divide(IReadOnlyList<byte[]> files, double share)
    {
        List<byte[]> all = [.. files.SelectMany(Documents)], train = [], heldOut = [];
        if (all is [var only])
        {
            int last = (int)Math.Round(only.Length * share);
            return ([only[..^last]], [only[^last..]], true);
        }

        int every = (int)Math.Min(Math.Round(1 / share), all.Count);
        for (int i = 0; i < all.Count; i++) (i % every == every / 2 ? heldOut : train).Add(all[i]);
        return (train, heldOut, false);
    }

    private static short[] Concatenate(IEnumerable<byte[]> documents)
    {
        List<byte[]> all = [.. documents.Where(document => document.Length > 0)];
        short[] ids = new short[all.Sum(document => document.Length + 1)];
        int written = 0;
        foreach (byte[] document in all)
        {
            foreach (byte value in document) ids[written++] = value;
            ids[written++] = ByteIds.EndOfSequence;
        }

        return ids;
    }

    private static string Key(byte[] document) => Convert.ToHexString(SHA256.HashData(document));
}

using System.Text;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// What is said in each half second. A cue's words share its time by their length; a window's caption holds the words whose middle
/// falls in it, or else the word being spoken at its middle: whole words, as many as fit 24 bytes.
/// </summary>
/// <remarks>A word of more than 24 bytes, as in scripts without spaces, counts as several.</remarks>
internal sealed class CaptionTrack
{
    private const double WindowSeconds = 0.5;
    private readonly Word[] _byWindow;
    private readonly Word[] _byStart;

    public CaptionTrack(IEnumerable<Cue> cues)
    {
        Word[] words = [.. cues.Index().SelectMany(cue => Words(cue.Item, cue.Index))];
        _byWindow = [.. words.OrderBy(word => word.Window).ThenBy(word => word.Cue).ThenBy(word => word.Start)];
        _byStart = [.. words.OrderBy(word => word.Start)];
    }

    /// <summary>Goes through the windows from the film's start.</summary>
    public Reader Read() => new(this);

    private static IEnumerable<Word> Words(Cue cue, int index)
    {
        string[] words = [.. cue.Text.Split(' ').SelectMany(Pieces)];
        double seconds = (cue.End - cue.Start).TotalSeconds / words.Sum(word => word.Length + 1);
        double start = cue.Start.TotalSeconds;
        foreach (string word in words)
        {
            double end = start + (seconds * (word.Length + 1));
            yield return new Word(Encoding.UTF8.GetBytes(word), start, end, (long)((start + end) / 2 / WindowSeconds), index);
            start = end;
        }
    }

    private static IEnumerable<string> Pieces(string word)
    {
        int start = 0, bytes = 0, at = 0;
        foreach (Rune rune in word.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > WindowRecord.CaptionSize)
            {
                yield return word[start..at];
                (start, bytes) = (at, 0);
            }

            bytes += rune.Utf8SequenceLength;
            at += rune.Utf16SequenceLength;
        }

        yield return word[start..];
    }

    private sealed record Word(byte[] Text, double Start, double End, long Window, int Cue);

    /// <summary>Goes through the windows in order, so that a whole film takes one pass over the words.</summary>
    internal sealed class Reader(CaptionTrack track)
    {
        private readonly List<Word> _spoken = [];
        private long _window;
        private int _nextByWindow;
        private int _nextByStart;

        /// <summary>Writes the next window's caption, padded with spaces; false where nothing is said.</summary>
        public bool Next(Span<byte> caption)
        {
            caption.Fill((byte)' ');
            int used = 0;
            bool fits = true;
            for (; _nextByWindow < track._byWindow.Length && track._byWindow[_nextByWindow].Window == _window; _nextByWindow++)
                fits = fits && Append(track._byWindow[_nextByWindow], caption, ref used);

            double middle = (_window + 0.5) * WindowSeconds;
            _spoken.RemoveAll(word => word.End <= middle);
            for (; _nextByStart < track._byStart.Length && track._byStart[_nextByStart].Start <= middle; _nextByStart++)
                if (track._byStart[_nextByStart].End > middle) _spoken.Add(track._byStart[_nextByStart]);
            if (used == 0 && _spoken.Count > 0) Append(_spoken[0], caption, ref used);
            _window++;
            return used > 0;
        }

        private static bool Append(Word word, Span<byte> caption, ref int used)
        {
            int space = used == 0 ? 0 : 1;
            if (used + space + word.Text.Length > caption.Length) return false;
            word.Text.CopyTo(caption[(used + space)..]);
            used += space + word.Text.Length;
            return true;
        }
    }
}

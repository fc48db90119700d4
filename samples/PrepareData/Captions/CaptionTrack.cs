using System.Text;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// The caption of each half second. The words of a cue share its time in proportion to their length. The caption of a window holds the
/// words whose middle falls into the window, and the words that begin in it by an inline time, or else the word spoken at the middle of the
/// window. It has whole words, as many as fit 24 bytes.
/// </summary>
/// <remarks>A word of more than 24 bytes, as in scripts without spaces, is split into several words.</remarks>
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

    /// <summary>Starts to read the windows from the start of the film.</summary>
    public Reader Read() => new(this);

    private static IEnumerable<Word> Words(Cue cue, int index)
    {
        string[] words = [.. cue.Text.Split(' ').SelectMany(Pieces)];
        double seconds = (cue.End - cue.Start).TotalSeconds / words.Sum(word => word.Length + 1);
        double start = cue.Start.TotalSeconds;
        foreach ((int place, string word) in words.Index())
        {
            double end = start + (seconds * (word.Length + 1));
            double spoken = place == 0 && cue.StartsExactly ? start : (start + end) / 2;
            yield return new Word(Encoding.UTF8.GetBytes(word), start, end, (long)(spoken / WindowSeconds), index);
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

    /// <summary>Reads the windows in order. A whole film takes one pass over the words.</summary>
    internal sealed class Reader(CaptionTrack track)
    {
        private readonly List<Word> _spoken = [];
        private readonly HashSet<Word> _written = new(ReferenceEqualityComparer.Instance);
        private long _window;
        private int _nextByWindow;
        private int _nextByStart;

        /// <summary>Words of the windows so far that had no space in them.</summary>
        public int LeftOut => track._byWindow.Take(_nextByWindow).Count(word => !_written.Contains(word));

        /// <summary>Words whose windows are still to come, with the time of the first.</summary>
        public (int Count, TimeSpan First) Left()
        {
            Word[] left = [.. track._byWindow.Skip(_nextByWindow).Where(word => !_written.Contains(word))];
            return (left.Length, TimeSpan.FromSeconds(left.Select(word => word.Start).DefaultIfEmpty().Min()));
        }

        /// <summary>Writes the caption of the next window, padded with spaces; false where it is empty.</summary>
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

        private bool Append(Word word, Span<byte> caption, ref int used)
        {
            int space = used == 0 ? 0 : 1;
            if (used + space + word.Text.Length > caption.Length) return false;
            word.Text.CopyTo(caption[(used + space)..]);
            used += space + word.Text.Length;
            _written.Add(word);
            return true;
        }
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Finds when the words of cues are spoken, from when they are shown.</summary>
/// <remarks>
/// <para>Each word is spoken once. Automatic captions roll: a cue shows the lines of the cue before it again, then new ones. Such lines are
/// still on screen, and are not spoken again. Live captions grow: a cue shows the words of the cue before it, then new ones.</para>
/// <para>An inline time says when the words after it are spoken. Remarks in brackets and signs of music are no words.</para>
/// </remarks>
internal static partial class SpokenCues
{
    private const char Mark = ShownCue.TimeMark;
    private const int FewestGrowing = 2;
    private const int MostLines = 32; // more are not compared: no screen has them
    private const int DeepestRemark = 16; // brackets within brackets; each level takes a pass over the text

    /// <summary>Cues follow one another without a break where less than this lies between them: less than two frames of a film.</summary>
    private static readonly TimeSpan Break = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns the spoken cues, ordered by their start, and the number of remarks in brackets that are left out.</summary>
    public static (IReadOnlyList<Cue> Cues, int Remarks) From(IEnumerable<ShownCue> shown, ICollection<DamagedCue> damaged)
    {
        // A stable sort: cues with the same start stay in file order.
        Screen[] screens =
        [
            .. shown.OrderBy(cue => cue.Start).Select(cue => new Screen(cue with { Text = Unseen().Replace(cue.Text, "") }))
                .Where(screen => screen.Lines.Count > 0),
        ];
        bool grows = Grows(screens);
        List<Cue> spoken = [];
        Screen? before = null;
        int remarks = 0;
        foreach (Screen screen in screens)
        {
            Screen current = screen;
            bool follows = before is not null && before.IsFollowedBy(screen);
            if (follows && before!.Lines.SequenceEqual(screen.Lines))
            {
                // The same text stays on screen, and is spoken for that much longer, unless inline times say when.
                TimeSpan end = before.Cue.End > screen.Cue.End ? before.Cue.End : screen.Cue.End;
                current = before with { Cue = before.Cue with { End = end } };
                if (before.Spoken is { } index && !spoken[index].StartsExactly) spoken[index] = spoken[index] with { End = end };
            }
            else
            {
                int count = spoken.Count, from = screen.IndexAfter(follows ? screen.AlreadyShown(before!, grows) : 0);
                string text = WithoutRemarks(screen.Cue.Text[from..], ref remarks);
                spoken.AddRange(Words(screen.Cue, text, screen.Cue.Text.AsSpan(0, from).Count(Mark), damaged));
                if (spoken.Count > count) current = screen with { Spoken = spoken.Count - 1 };
            }

            before = current;
        }

        return ([.. spoken.OrderBy(cue => cue.Start)], remarks);
    }

    /// <summary>Removes remarks, and counts those in brackets. Signs of music say nothing that is lost.</summary>
    private static string WithoutRemarks(string text, ref int remarks)
    {
        int count = 0;
        for (int depth = 0; depth < DeepestRemark && Remarks().IsMatch(text); depth++)
            text = Remarks().Replace(text, remark =>
            {
                if (remark.Length > 1) count++;
                return " " + new string(Mark, remark.Value.Count(c => c == Mark)) + " ";
            });
        remarks += count;
        return text;
    }

    /// <summary>
    /// Whether most cues that follow one another continue the last line of the one before. A single pair may be two things that are said:
    /// 'Wait', 'Wait here'.
    /// </summary>
    private static bool Grows(Screen[] screens)
    {
        (Screen Before, Screen Screen)[] pairs = [.. screens.Zip(screens.Skip(1)).Where(pair => pair.First.IsFollowedBy(pair.Second))];
        int growing = pairs.Count(
            pair => pair.Screen.AlreadyShown(pair.Before, grows: true) > pair.Screen.AlreadyShown(pair.Before, grows: false));
        return growing >= FewestGrowing && growing * 2 > pairs.Length;
    }

    private static IEnumerable<Cue> Words(ShownCue cue, string text, int mark, ICollection<DamagedCue> damaged)
    {
        TimeSpan time = cue.Start;
        TimeSpan? misplaced = null;
        List<(TimeSpan Start, StringBuilder Words)> pieces = [(time, new StringBuilder())];
        foreach (string part in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            string[] syllables = part.Split(Mark);
            for (int i = 0; i < syllables.Length; i++)
            {
                if (i > 0)
                {
                    TimeSpan next = cue.Times[mark++];
                    misplaced = next < time || next >= cue.End ? next : null;
                    time = misplaced is null ? next : time;
                }

                if (syllables[i].Length == 0) continue;
                if (misplaced is not null)
                    damaged.Add(new DamagedCue(cue.Line, $"its inline time {misplaced:c} is out of order; its words follow the others"));
                misplaced = null;
                bool continues = i > 0 && pieces[^1].Words.Length > 0 && IsWithinWord(syllables[i - 1], syllables[i]);
                if (!continues && time > pieces[^1].Start) pieces.Add((time, new StringBuilder()));
                StringBuilder words = pieces[^1].Words;
                if (!continues && words.Length > 0) words.Append(' ');
                words.Append(syllables[i]);
            }
        }

        for (int i = 0; i < pieces.Count; i++)
            if (pieces[i].Words.Length > 0)
                yield return new Cue(pieces[i].Start, i + 1 < pieces.Count ? pieces[i + 1].Start : cue.End, pieces[i].Words.ToString())
                {
                    StartsExactly = cue.Times.Count > 0,
                };
    }

    /// <summary>
    /// Whether an inline time divides a word, as in songs. Scripts without upper and lower case may have no spaces: there, it divides two.
    /// </summary>
    private static bool IsWithinWord(string before, string after) => before.Length > 0 && !IsUncased(before[^1]) && !IsUncased(after[0]);

    private static bool IsUncased(char character) =>
        char.IsSurrogate(character) || char.GetUnicodeCategory(character) == UnicodeCategory.OtherLetter;

    /// <summary>
    /// Characters without a picture: directions of text, soft hyphens, spaces of no width. The two that join letters or keep them apart
    /// stay.
    /// </summary>
    [GeneratedRegex(@"[\u00AD\u200B\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]", RegexOptions.CultureInvariant)]
    private static partial Regex Unseen();

    /// <summary>A bracket that follows a letter or a digit is text, as in f(x) or list[0].</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9_>])(?:\[[^\[\]]*\]|\([^()]*\))|[♪♫]", RegexOptions.CultureInvariant)]
    private static partial Regex Remarks();

    /// <summary>What a cue shows.</summary>
    private sealed record Screen(ShownCue Cue)
    {
        /// <summary>The lines that are seen.</summary>
        public IReadOnlyList<string> Lines { get; } =
        [
            .. Cue.Text.Replace($"{Mark}", "", StringComparison.Ordinal).Split('\n')
                .Select(line => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))
                .Where(line => line.Length > 0),
        ];

        /// <summary>Index of the last spoken cue that it gave; null where it gave none.</summary>
        public int? Spoken { get; init; }

        public bool IsFollowedBy(Screen next) => next.Cue.Start - Cue.End <= Break;

        /// <summary>Number of signs at the start of this text that the text before shows at its end, in whole lines.</summary>
        /// <param name="before">The text before.</param>
        /// <param name="grows">Whether the last of these lines may have new words after it.</param>
        public int AlreadyShown(Screen before, bool grows)
        {
            string last = before.Lines[^1];
            for (int count = Math.Min(MostLines, Math.Min(before.Lines.Count, Lines.Count)); count > 0; count--)
            {
                bool isSame = Lines[count - 1] == last || (grows && Lines[count - 1].StartsWith(last + " ", StringComparison.Ordinal));
                if (isSame && before.Lines.TakeLast(count).SkipLast(1).SequenceEqual(Lines.Take(count - 1)))
                    return before.Lines.TakeLast(count).Sum(line => line.Count(IsSeen));
            }

            return 0;
        }

        /// <summary>Index in the text of the cue after a number of signs.</summary>
        public int IndexAfter(int signs)
        {
            int at = 0;
            for (; signs > 0; at++)
                if (IsSeen(Cue.Text[at])) signs--;
            return at;
        }

        private static bool IsSeen(char character) => character != Mark && !char.IsWhiteSpace(character);
    }
}

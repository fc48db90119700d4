using System.Globalization;
using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Shows what is read of subtitles, in short texts.</summary>
internal static class Subtitles
{
    /// <summary>The cues, as 1-2.5 text.</summary>
    public static string[] Shown(SubtitleFile file) =>
        [.. file.Cues.Select(cue => string.Create(
            CultureInfo.InvariantCulture, $"{cue.Start.TotalSeconds:0.###}-{cue.End.TotalSeconds:0.###} {cue.Text}"))];

    public static SubtitleFile Srt(string text) => SubtitleFile.Parse(text, isVtt: false);

    /// <summary>Reads WebVTT without its first line.</summary>
    public static SubtitleFile Vtt(string text) => SubtitleFile.Parse("WEBVTT\n\n" + text, isVtt: true);

    /// <summary>The damage, as 3: reason.</summary>
    public static string[] Damage(SubtitleFile file) =>
        [.. file.Damaged.Select(cue => string.Create(CultureInfo.InvariantCulture, $"{cue.Line}: {cue.Reason}"))];

    /// <summary>The captions of the first windows.</summary>
    public static string[] Windows(int count, IEnumerable<Cue> cues)
    {
        CaptionTrack.Reader reader = new CaptionTrack(cues).Read();
        string[] captions = new string[count];
        byte[] bytes = new byte[WindowRecord.CaptionSize];
        for (int i = 0; i < count; i++)
        {
            bool isSaid = reader.Next(bytes);
            captions[i] = Encoding.UTF8.GetString(bytes).TrimEnd(' ');
            Assert.Equal(captions[i].Length > 0, isSaid);
        }

        return captions;
    }
}

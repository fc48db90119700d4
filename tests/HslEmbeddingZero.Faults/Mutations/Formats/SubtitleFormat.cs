using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Faults;

/// <summary>Captions. Damaged cues are skipped and reported. The others must give captions of 24 valid bytes.</summary>
internal sealed class SubtitleFormat(string folder, bool isVtt) : DamagedFormat
{
    private const int Windows = 400;
    private readonly string _path = Path.Combine(folder, isVtt ? "film.vtt" : "film.srt");
    private readonly byte[] _valid = Encoding.UTF8.GetBytes(
        (isVtt ? "WEBVTT\n\nSTYLE\n::cue {}\n\nNOTE a remark\n\n" : "") + string.Concat(Enumerable.Range(0, 30).Select(i =>
        $"{i + 1}\n00:{i / 10:00}:{i * 5 % 60:00}{(isVtt ? '.' : ',')}000 --> "
            + $"00:{i / 10:00}:{(i * 5 % 60) + 4:00}{(isVtt ? '.' : ',')}500{(isVtt ? " align:start" : "")}\n<i>Words</i> that are said, "
            + $"number {i}\n안녕하세요 [sighs]<00:{i / 10:00}:{(i * 5 % 60) + 2:00}.000><c> &amp; more</c>\n\n")));

    public override string? Read(Random random)
    {
        File.WriteAllBytes(_path, Mutator.Damage(_valid, random, isText: true));
        return Refusal(_path, ReadAll, error => error is InvalidDataException);
    }

    private void ReadAll()
    {
        var file = SubtitleFile.Read(_path);
        Require(file.Cues.All(cue => cue.End > cue.Start && cue.Text.Trim().Length > 0), "a cue without time or text");
        Require(file.Damaged.All(cue => cue.Line > 0 && cue.Reason.Length is > 0 and < 200), "damage without place or reason");
        CaptionTrack.Reader captions = new CaptionTrack(file.Cues).Read();
        byte[] caption = new byte[WindowRecord.CaptionSize];
        for (int i = 0; i < Windows; i++)
            Require(captions.Next(caption) != caption.All(b => b == ' ') && System.Text.Unicode.Utf8.IsValid(caption),
                $"the caption of window {i}");
    }
}

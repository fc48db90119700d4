using System.Text;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Faults;

/// <summary>A window file and its sidecar. One of the two is damaged.</summary>
internal sealed class WindowsFormat : DamagedFormat
{
    private const int Count = 60;
    private readonly string _path;
    private readonly string _sidecarPath;
    private readonly byte[] _windows = SmallCorpus.Windows(Count);
    private readonly byte[] _sidecar;
    private readonly bool _damagesSidecar;

    public WindowsFormat(string folder, bool damagesSidecar)
    {
        _path = Path.Combine(folder, "clips.bin");
        _sidecarPath = Path.Combine(folder, "clips.json");
        _damagesSidecar = damagesSidecar;
        _sidecar = Encoding.UTF8.GetBytes(
            """
            {"record":539,"records":60,"films":[
            {"name":"a","modality":"video","group":"a","first":0,"count":20,"split":"train"},
            {"name":"a","modality":"caption","group":"a","first":4,"count":10,"split":"train"},
            {"name":"a.later","modality":"video","group":"a","first":30,"count":5,"split":"held-out"},
            {"name":"b","modality":"caption","group":"b","first":40,"count":20,"split":"held-out"}]}
            """);
    }

    public override string? Read(Random random)
    {
        byte[] windows = _damagesSidecar ? _windows : Mutator.Damage(_windows, random, isText: false);
        byte[] sidecar = _damagesSidecar ? Mutator.Damage(_sidecar, random, isText: true) : _sidecar;
        File.WriteAllBytes(_path, windows);
        if (_damagesSidecar || random.Next(2) == 0) File.WriteAllBytes(_sidecarPath, sidecar);
        else File.Delete(_sidecarPath);
        return Refusal(_damagesSidecar ? _sidecarPath[..^5] : _path, () => Check(WindowCorpus.Load([_path]), windows),
            error => error is CorpusException);
    }

    private static void Check(WindowCorpus corpus, byte[] bytes)
    {
        Require(corpus.Count * WindowRecord.Size == bytes.Length, "windows are missing");
        for (int i = 0; i < corpus.Count; i++)
            Require(corpus.Window(i).SequenceEqual(bytes.AsSpan(i * WindowRecord.Size, WindowRecord.Size)), $"window {i} has other bytes");
        Require(corpus.Films.All(film => film.First >= 0 && film.Count > 0 && film.First + film.Count <= corpus.Count),
            "a film has windows that are not there");
        HashSet<int> trained = [.. corpus.TrainVideo, .. corpus.TrainVideo.Select(i => i + 1), .. corpus.TrainCaption];
        Require(!corpus.HeldOutVideo.Concat(corpus.HeldOutVideo.Select(i => i + 1)).Concat(corpus.HeldOutCaption).Any(trained.Contains),
            "a window is on both sides");
    }
}

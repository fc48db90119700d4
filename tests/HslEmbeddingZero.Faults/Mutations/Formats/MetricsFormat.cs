using System.Text;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Faults;

/// <summary>The metrics file of a resumed run. Damaged lines are dropped, good lines are kept.</summary>
internal sealed class MetricsFormat(string folder) : DamagedFormat
{
    private readonly string _path = Path.Combine(folder, "run.metrics.jsonl");
    private readonly byte[] _valid = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 40).Select(step =>
        $$"""{"step":{{step}},"bitsPerByte":5.{{step}},"textBitsPerByte":4.5,"learningRate":0.001,"gradientNorm":1.5,"bytesPerSecond":100,"seconds":{{step}}.5}{{"\n"}}""")));

    public override string? Read(Random random)
    {
        File.WriteAllBytes(_path, Mutator.Damage(_valid, random, isText: true));
        using (MetricsLog log = new(_path, keepThrough: 30))
            log.Report(SmallCorpus.Progress(31, 40));
        IReadOnlyList<(long Step, double BitsPerByte, NamedValues Sources)> curve = MetricsLog.ReadCurve(_path);
        Require(curve.Count > 0 && curve[^1].Step == 31 && curve.SkipLast(1).All(point => point.Step <= 30),
            "lines behind the checkpoint are kept");
        return null;
    }
}

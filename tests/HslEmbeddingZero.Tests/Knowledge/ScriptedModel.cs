using System.Runtime.InteropServices;
using System.Text;

namespace HslEmbeddingZero.Tests.Knowledge;

/// <summary>A model that says a text, whatever it is asked, and then ends. It keeps the contexts that it was given.</summary>
internal sealed class ScriptedModel(string says) : IByteModel
{
    private readonly List<short[]> _contexts = [];

    public string Says { get; set; } = says;

    /// <summary>The logit of the byte that comes next. All others are 0.</summary>
    public float Logit { get; init; } = 50;

    public bool IsReady { get; init; } = true;

    public IReadOnlyList<short[]> Contexts => _contexts;

    /// <summary>The last context as text, without its padding.</summary>
    public string Prompt => Encoding.UTF8.GetString([.. _contexts[^1].SkipWhile(id => id == ByteIds.Mask).Select(id => (byte)id)]);

    public int BytesPerSlot => 1;

    public IByteGenerator CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream)
    {
        Assert.True(stream.IsEmpty);
        _contexts.Add([.. context]);
        return new Script([.. Encoding.UTF8.GetBytes(Says), ByteIds.EndOfSequence], [.. context], Logit);
    }

    public void RequireReady()
    {
        if (!IsReady) throw new ArgumentException("not ready");
    }

    private sealed class Script(short[] answer, List<short> ids, float logit) : IByteGenerator
    {
        private readonly float[] _logits = new float[ByteIds.Count];
        private readonly int _start = ids.Count;

        public ReadOnlySpan<short> Ids => CollectionsMarshal.AsSpan(ids);

        public ReadOnlySpan<float> Logits
        {
            get
            {
                Array.Clear(_logits);
                _logits[answer[ids.Count - _start]] = logit;
                return _logits;
            }
        }

        public void Accept(int id) => ids.Add((short)id);

        public void Dispose()
        {
        }
    }
}

namespace HslEmbeddingZero.Tests.Generation;

/// <summary>A model in plain C#: it predicts the id after the last one, most likely by far. It shows the seam without torch.</summary>
internal sealed class PlainModel : IByteModel
{
    public bool IsReady { get; init; } = true;

    public int BytesPerSlot => 4;

    public int Generators { get; private set; }

    public IByteGenerator CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream)
    {
        Generators++;
        return new PlainGenerator([.. context, .. stream]);
    }

    public void RequireReady()
    {
        if (!IsReady) throw new ArgumentException("not ready");
    }

    private sealed class PlainGenerator : IByteGenerator
    {
        private readonly short[] _ids = new short[20_000];
        private readonly float[] _logits = new float[ByteIds.Count];
        private int _count;

        public PlainGenerator(short[] ids)
        {
            ids.CopyTo(_ids, 0);
            _count = ids.Length;
        }

        public ReadOnlySpan<short> Ids => _ids.AsSpan(0, _count);

        public ReadOnlySpan<float> Logits
        {
            get
            {
                Array.Clear(_logits);
                _logits[(byte)(_ids[_count - 1] + 1)] = 50;
                return _logits;
            }
        }

        public void Accept(int id) => _ids[_count++] = (short)id;

        public void Dispose()
        {
        }
    }
}

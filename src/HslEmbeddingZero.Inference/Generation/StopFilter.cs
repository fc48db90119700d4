using System.Runtime.InteropServices;
using System.Text;

namespace HslEmbeddingZero;

/// <summary>Holds bytes back while they may become a stop sequence.</summary>
internal sealed class StopFilter(IReadOnlyList<string> sequences)
{
    private readonly byte[][] _stops = [.. sequences.Select(Encoding.UTF8.GetBytes)];
    private readonly List<byte> _held = [];

    /// <summary>Takes a byte, and adds the bytes that can be returned now to <paramref name="released"/>.</summary>
    /// <returns>Whether a stop sequence is complete, which ends the generation.</returns>
    public bool Add(byte value, List<byte> released)
    {
        _held.Add(value);
        int kept = 0;
        foreach (byte[] stop in _stops)
        {
            if (Ends(stop, stop.Length))
            {
                Release(stop.Length, released);
                return true;
            }

            for (int length = Math.Min(_held.Count, stop.Length - 1); length > kept; length--)
                if (Ends(stop, length)) kept = length;
        }

        Release(kept, released);
        return false;
    }

    /// <summary>Ends the input: the bytes that were held back are returned.</summary>
    public void Complete(List<byte> released) => Release(0, released);

    private void Release(int kept, List<byte> released)
    {
        int count = _held.Count - kept;
        released.AddRange(CollectionsMarshal.AsSpan(_held)[..count]);
        _held.RemoveRange(0, count);
    }

    /// <summary>Whether the held bytes end with the first <paramref name="length"/> bytes of a stop sequence.</summary>
    private bool Ends(byte[] stop, int length)
    {
        if (length > _held.Count) return false;
        for (int i = 0; i < length; i++)
            if (_held[_held.Count - length + i] != stop[i]) return false;
        return true;
    }
}

using System.Buffers;
using System.Text;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Shows bytes as they arrive. A character appears as soon as its last byte is there. Bytes that are not UTF-8, and terminal control codes,
/// appear as \xE3.
/// </summary>
/// <param name="show">Receives each piece, and whether it is text.</param>
internal sealed class IncrementalText(Action<string, bool> show)
{
    private const int LongestCharacter = 4;

    private readonly List<byte> _pending = new(LongestCharacter);

    public void Add(byte value)
    {
        _pending.Add(value);
        while (_pending.Count > 0)
        {
            OperationStatus status = Rune.DecodeFromUtf8(_pending.ToArray(), out Rune rune, out int used);
            if (status == OperationStatus.NeedMoreData) return;
            Show(status == OperationStatus.Done ? rune : null, used);
        }
    }

    /// <summary>Ends the input. The bytes of an unfinished character are shown as \x codes.</summary>
    public void Complete() => Show(null, _pending.Count);

    private void Show(Rune? rune, int used)
    {
        bool isText = rune is { } character && (!Rune.IsControl(character) || character.Value is '\n' or '\t');
        if (isText) show(rune!.Value.ToString(), true);
        else foreach (byte value in _pending[..used]) show($"\\x{value:X2}", false);
        _pending.RemoveRange(0, used);
    }
}

using System.Collections.ObjectModel;
using System.Globalization;

namespace HslEmbeddingZero;

/// <summary>
/// Fixed codes of the last n bytes, for several n: columns of +a and -a that a door appends to the 27 features. They use no learned
/// parameter, no table and no data. Two different n-grams of one order always have different 64-bit codes.
/// </summary>
/// <remarks>
/// <para>
/// The n-gram of order n at position i is the n bytes that end at i. They are packed into a 64-bit word, byte i in the lowest 8 bits, byte
/// i-1 in the next. The code is f(word + n·γ) modulo 2^64, with γ = 0x9E3779B97F4A7C15 and f the finaliser of SplitMix64 (Steele, Lea and
/// Flood 2014; constants as in Vigna's splitmix64):
/// <code>
/// x ^= x &gt;&gt; 30;  x *= 0xBF58476D1CE4E5B9;  x ^= x &gt;&gt; 27;  x *= 0x94D049BB133111EB;  x ^= x &gt;&gt; 31
/// </code>
/// Column c of an order is +a where bit c of the code is set (bit 0 is the lowest), and -a where it is clear. The columns of all orders are
/// concatenated.
/// </para>
/// <para>
/// With <see cref="WithPrevious"/>, the codes of the position before follow, in as many columns again. What a position holds and what came
/// before it then stand side by side. Attention finds earlier places with the same bytes before them in one layer: a query made of the own
/// codes meets keys made of the previous codes, which are the same bits. Without it, a first layer has to move codes by a position before a
/// second one can compare them (the induction heads of Olsson et al. 2022).
/// </para>
/// <para>
/// A position with fewer than n bytes since the start holds zeros for order n. In a door a special id (MASK, EOS) ends the context: its
/// own columns are zero, and no n-gram reaches across it.
/// </para>
/// <para>
/// f is a bijection, so codes of 64 columns differ between all n-grams of an order. Fewer columns keep the lowest bits, and some n-grams
/// then share a code. The learned counterpart is the hash n-gram embedding of the Byte Latent Transformer, which looks up n-grams in
/// trained tables.
/// </para>
/// Two instances are equal if all their values are equal. Methods are safe to call from several threads.
/// </remarks>
public sealed record NgramCodes
{
    /// <summary>Bytes that a 64-bit word holds.</summary>
    internal const int MostBytes = 8;

    /// <summary>Bits of a code.</summary>
    internal const int MostColumns = 64;

    private const int FewestBytes = 2;

    private readonly ReadOnlyCollection<int> _orders = Array.AsReadOnly([2, 3, 4]);
    private readonly int _columnsPerOrder = MostColumns;
    private readonly float _amplitude = 0.5f;

    /// <summary>The lengths n of the n-grams in bytes, each 2 to 8, ascending. The list is copied.</summary>
    /// <value>2, 3, 4 unless set.</value>
    /// <exception cref="ArgumentException">No order, one outside 2..8, or orders that do not ascend.</exception>
    public IReadOnlyList<int> Orders
    {
        get => _orders;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Count == 0) throw new ArgumentException("N-gram codes need at least one order.", nameof(value));
            for (int i = 0; i < value.Count; i++)
            {
                if (value[i] is < FewestBytes or > MostBytes)
                {
                    throw new ArgumentOutOfRangeException(
                        nameof(value), value[i], $"An order must be {FewestBytes}..{MostBytes} bytes; one is {value[i]}.");
                }

                if (i == 0 || value[i] > value[i - 1]) continue;
                throw new ArgumentException($"The orders must ascend, each once; {value[i]} stands behind {value[i - 1]}.", nameof(value));
            }

            _orders = Array.AsReadOnly([.. value]);
        }
    }

    /// <summary>Columns of each order, 1 to 64: the lowest bits of the code.</summary>
    /// <value>64 unless set.</value>
    /// <exception cref="ArgumentOutOfRangeException">Outside 1..64.</exception>
    public int ColumnsPerOrder
    {
        get => _columnsPerOrder;
        init => _columnsPerOrder = value is >= 1 and <= MostColumns
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"An order has 1..{MostColumns} columns, not {value}.");
    }

    /// <summary>The value a of the columns +a and -a, positive and finite. A dtype that cannot hold it exactly rounds it.</summary>
    /// <value>0.5 unless set.</value>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, infinite or not a number.</exception>
    public float Amplitude
    {
        get => _amplitude;
        init => _amplitude = float.IsFinite(value) && value > 0
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value,
                string.Create(CultureInfo.InvariantCulture, $"The amplitude must be positive and finite, not {value}."));
    }

    /// <summary>
    /// Whether slots have codes too: those of the n-grams that end with the last byte of the slot. Otherwise only stream positions have
    /// codes.
    /// </summary>
    /// <value>False unless set.</value>
    public bool InSlots { get; init; }

    /// <summary>
    /// Whether a position also has the codes of the position before it. In the stream this is the n-gram that ends one byte earlier, in a
    /// slot the one that ends just before the slot. The first position of a sequence has zeros there.
    /// </summary>
    /// <value>False unless set.</value>
    public bool WithPrevious { get; init; }

    /// <summary>Columns of all orders together, twice as many with <see cref="WithPrevious"/>.</summary>
    public int Columns => WithPrevious ? 2 * OwnColumns : OwnColumns;

    /// <summary>Columns of the codes that end with a position.</summary>
    internal int OwnColumns => _orders.Count * _columnsPerOrder;

    /// <summary>How many bytes before its last one the codes of a stream position depend on.</summary>
    internal int LookBack => LongestOrder - (WithPrevious ? 0 : 1);

    /// <summary>Columns of codes in a slot.</summary>
    internal int SlotColumns => InSlots ? Columns : 0;

    /// <summary>The codes of the arms with n-gram codes: all values are defaults.</summary>
    internal static NgramCodes Default { get; } = new();

    /// <summary>The largest order.</summary>
    internal int LongestOrder => _orders[^1];

    /// <summary>Writes the codes of a whole input. Allocates nothing.</summary>
    /// <param name="bytes">The input, L bytes; empty input writes nothing.</param>
    /// <param name="destination">Receives [L, <see cref="Columns"/>] floats, row-major; anything beyond them is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public void Encode(ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        long needed = (long)bytes.Length * Columns;
        if (destination.Length < needed)
        {
            throw new ArgumentException(
                $"The {Columns} columns of {bytes.Length} bytes need {needed} floats; the destination holds {destination.Length}.",
                nameof(destination));
        }

        NgramKernel.Write(bytes, 0, bytes.Length, bytesPerRow: 1, destination, Columns, this, NgramKernel.Widest);
    }

    /// <summary>The code of the lowest n bytes of a word; n is the order.</summary>
    internal static ulong Code(ulong word, int order) =>
        SplitMix64.Finalise((word & WordMask(order)) + OrderConstant(order));

    /// <summary>The bits of a word that the bytes of an order fill.</summary>
    internal static ulong WordMask(int order) => ulong.MaxValue >> (8 * (MostBytes - order));

    /// <summary>The constant n·γ of an order. Without it, a 2-gram would have the code of the 3-gram with 0x00 in front.</summary>
    internal static ulong OrderConstant(int order) => unchecked((ulong)order * SplitMix64.GoldenGamma);

    /// <summary>Whether all values are equal.</summary>
    public bool Equals(NgramCodes? other) =>
        other is not null && _orders.SequenceEqual(other._orders) && _columnsPerOrder == other._columnsPerOrder
        && _amplitude.Equals(other._amplitude) && InSlots == other.InSlots
        && WithPrevious == other.WithPrevious;

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        foreach (int order in _orders) hash.Add(order);
        hash.Add(_columnsPerOrder);
        hash.Add(_amplitude);
        hash.Add(InSlots);
        hash.Add(WithPrevious);
        return hash.ToHashCode();
    }

    /// <summary>All values as text, the same on every machine.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"orders {string.Join(", ", _orders)}, {_columnsPerOrder} columns each, amplitude {_amplitude}{(InSlots ? ", in slots too" : "")}"
        + $"{(WithPrevious ? ", with those of the position before" : "")}");
}

using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// N-gram codes by tensor operations: for inputs with special ids, for dtypes other than float32, and for accelerators. They equal those of
/// <see cref="NgramKernel"/>, and nothing is read back from the device. The 64 bits of a code become floats eight at a time: each byte
/// gathers a row from a table of signs.
/// </summary>
internal sealed class NgramGather : nn.Module
{
    private const int BitsPerByte = 8;
    private const int SilentRow = 256; // all zero, for a code with too few bytes

    // Places in the table of constants. A shift takes a tensor. If it were on another device than the ids, every call would copy it.
    private const int Shifts = 0;
    private const int Masks = 3;
    private const int ByteMask = 6;
    private const int ByteShifts = 7;
    private const int OrderConstants = ByteShifts + BitsPerByte;

    private static readonly int[] MixerShifts = [SplitMix64.FirstShift, SplitMix64.SecondShift, SplitMix64.LastShift];
    private static readonly Scalar _firstMultiplier = unchecked((long)SplitMix64.FirstMultiplier);
    private static readonly Scalar _secondMultiplier = unchecked((long)SplitMix64.SecondMultiplier);
    private static readonly Scalar _lastByte = 255;
    private static readonly Scalar _silentRow = SilentRow;
    private static readonly Scalar[] _places =
        [.. Enumerable.Range(0, NgramCodes.MostBytes).Select(place => (Scalar)(1L << (BitsPerByte * place)))];

    private readonly FixedTable _constants;
    private FixedTable _signs;

    /// <param name="codes">Orders, columns, amplitude.</param>
    public NgramGather(NgramCodes codes)
        : base(nameof(NgramGather))
    {
        Codes = codes;
        _constants = new FixedTable(tensor((long[])
        [
            .. MixerShifts.Select(shift => (long)shift), .. MixerShifts.Select(shift => (1L << (64 - shift)) - 1), byte.MaxValue,
            .. Enumerable.Range(0, BitsPerByte).Select(place => (long)BitsPerByte * place),
            .. codes.Orders.Select(order => unchecked((long)NgramCodes.OrderConstant(order))),
        ], device: CPU));
        _signs = Signs();
    }

    /// <summary>Orders, columns, amplitude.</summary>
    public NgramCodes Codes { get; }

    /// <summary>This instance if slots have codes too, otherwise null.</summary>
    public NgramGather? ForSlots => Codes.InSlots ? this : null;

    /// <summary>
    /// [N, S·K] ids to codes [N, S, columns]: those of the n-grams that end with the last id of each slot, then those of the slot before
    /// if <see cref="NgramCodes.WithPrevious"/> is set.
    /// </summary>
    public Tensor Gather(Tensor ids, int bytesPerSlot)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = ids.size(0), slots = ids.size(1) / bytesPerSlot;
        if (batch == 0 || slots == 0) return empty([batch, slots, Codes.Columns], _signs.Rows.dtype, ids.device).MoveToOuterDisposeScope();

        // MASK ids come before the first id, because a special id ends the context.
        int before = Codes.LongestOrder - 1;
        Tensor padded = cat([full([batch, before], ByteIds.Mask, ScalarType.Int64, ids.device), ids.to(ScalarType.Int64)], 1);
        Tensor? word = null, ended = null;
        List<Tensor> words = [], endings = [];
        for (int back = 0; back <= before; back++)
        {
            long first = before + bytesPerSlot - 1 - back;
            Tensor one = padded.slice(1, first, first + ((slots - 1) * bytesPerSlot) + 1, bytesPerSlot);
            Tensor isSpecial = one.gt(_lastByte);
            word = word is null ? one : word.add(one, _places[back]);
            ended = ended is null ? isSpecial : ended.logical_or(isSpecial);
            if (!Codes.Orders.Contains(back + 1)) continue;
            words.Add(word);
            endings.Add(ended);
        }

        Tensor constants = _constants.Rows.narrow(0, OrderConstants, Codes.Orders.Count);
        Tensor mixed = stack(words, 2).add_(constants, GcSafeScalar.One); // [N, S, orders]
        mixed.bitwise_xor_(Shifted(mixed, 0)).mul_(_firstMultiplier);
        mixed.bitwise_xor_(Shifted(mixed, 1)).mul_(_secondMultiplier);
        mixed.bitwise_xor_(Shifted(mixed, 2));

        int bytes = (Codes.ColumnsPerOrder + BitsPerByte - 1) / BitsPerByte;
        Tensor rows = mixed.unsqueeze(-1).bitwise_right_shift(_constants.Rows.narrow(0, ByteShifts, bytes)); // [N, S, orders, bytes]
        rows = rows.bitwise_and_(_constants.Rows.select(0, ByteMask)).to(ScalarType.Int32);
        rows.masked_fill_(stack(endings, 2).unsqueeze(-1), _silentRow);
        Tensor columns = _signs.Rows.index_select(0, rows.view(-1)).view(batch, slots, Codes.Orders.Count, bytes * BitsPerByte);
        Tensor own = columns.narrow(3, 0, Codes.ColumnsPerOrder).reshape(batch, slots, Codes.OwnColumns);
        if (!Codes.WithPrevious) return own.MoveToOuterDisposeScope();
        Tensor previous = nn.functional.pad(own.narrow(1, 0, slots - 1), [0, 0, 1, 0]);
        return cat([own, previous], 2).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        if (dtype is not null && dtype != _signs.Rows.dtype)
        {
            // Made again from the amplitude, so that a move through a narrower type leaves no rounding errors.
            device ??= _signs.Rows.device;
            _signs.Dispose();
            _signs = Signs();
        }

        _signs.Move(dtype, device);
        _constants.Move(null, device);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _signs.Dispose();
            _constants.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>x >> shift with zeros as the top bits: a shift of a signed number would copy its sign there.</summary>
    private Tensor Shifted(Tensor words, int step) =>
        words.bitwise_right_shift(_constants.Rows.select(0, Shifts + step)).bitwise_and_(_constants.Rows.select(0, Masks + step));

    /// <summary>[257, 8]: the bits of a byte as +a and -a, lowest bit first, then a row of zeros.</summary>
    private FixedTable Signs()
    {
        float[] signs = new float[(SilentRow + 1) * BitsPerByte];
        for (int i = 0; i < SilentRow * BitsPerByte; i++)
            signs[i] = ((i / BitsPerByte >> (i % BitsPerByte)) & 1) != 0 ? Codes.Amplitude : -Codes.Amplitude;
        return new FixedTable(tensor(signs, [SilentRow + 1, BitsPerByte], device: CPU));
    }
}

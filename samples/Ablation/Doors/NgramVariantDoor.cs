using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A zero door with a variant of the n-gram codes in the stream: codes without features, codes shared by the n-grams of a bucket, one
/// column per n-gram, codes that training drops at random, or a learned table of n-grams as in the Byte Latent Transformer. The slots equal
/// those of the zero door.
/// </summary>
internal sealed class NgramVariantDoor : InputDoor
{
    private const int BitsOfBuckets = 20; // columns of the code that selects a bucket; an upper bound
    private const int Seed = 2026; // for the fixed random codes of buckets

    private readonly DoorVariant _variant;
    private readonly NgramCodes _codes;
    [ComponentName(Name = "coded")]
    private readonly ZeroDoor _coded; // features and codes, side by side

    [ComponentName(Name = "indexed")]
    private readonly ZeroDoor _indexed; // the same with 20 columns of +1 and -1 per order, which select a row

    [ComponentName(Name = "powers")]
    private readonly Tensor _powers; // [20]

    [ComponentName(Name = "bucket_codes")]
    private readonly Tensor? _bucketCodes; // [orders, buckets, columns] of +a and -a

    [ComponentName(Name = "tables")]
    private readonly ParameterList? _tables; // [rows, dim] for each order

    public NgramVariantDoor(DoorVariant variant, int bytesPerSlot, int dim)
        : base(nameof(NgramVariantDoor), bytesPerSlot, dim, SlotTail.Pad, HslFeatures.Dimension)
    {
        _variant = variant;
        _codes = variant.Ngrams!;
        NgramCodes? inStream = variant.LearnedBits is null ? _codes : null;
        _coded = new ZeroDoor(bytesPerSlot, dim, SlotTail.Pad, variant.Scaling, inStream) { ChecksIds = false };
        NgramCodes index = new() { Orders = _codes.Orders, ColumnsPerOrder = BitsOfBuckets, Amplitude = 1 };
        int width = HslFeatures.Dimension + index.Columns;
        _indexed = new ZeroDoor(1, width, SlotTail.Pad, variant.Scaling, index) { ChecksIds = false };
        _powers = tensor(Enumerable.Range(0, BitsOfBuckets).Select(bit => 1L << bit).ToArray()).DetachFromDisposeScope();
        if (variant.BucketBits is { } buckets)
        {
            using Generator random = new(Seed, CPU);
            long[] shape = [_codes.Orders.Count, 1 << buckets, _codes.ColumnsPerOrder];
            using Tensor signs = randint(0, 2, shape, ScalarType.Float32, generator: random);
            _bucketCodes = (((signs * 2) - 1) * _codes.Amplitude).DetachFromDisposeScope();
        }

        if (variant.LearnedBits is { } rows)
            _tables = new ParameterList([.. _codes.Orders.Select(_ => new Parameter(zeros(1 << rows, dim)))]);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int ContextBytes => _indexed.ContextBytes;

    /// <inheritdoc/>
    protected override Device Device => _powers.device;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids)
    {
        Tensor rows = _coded.Features(ids);
        if (_variant.Modified.Contains("only")) return rows.narrow(2, HslFeatures.Dimension, _codes.Columns);
        if (_bucketCodes is null && !_variant.Modified.Contains("onehot")) return rows;
        (Tensor index, Tensor known) = Rows(ids, _variant.BucketBits ?? BitsOfBuckets);
        List<Tensor> columns = [rows.narrow(2, 0, HslFeatures.Dimension)];
        for (int order = 0; order < _codes.Orders.Count; order++)
        {
            Tensor isKnown = known.select(2, order).unsqueeze(-1).to(rows.dtype);
            Tensor codes = Code(order, index.select(2, order)).to(rows.dtype);
            columns.Add(codes.view(ids.size(0), ids.size(1), _codes.ColumnsPerOrder) * isKnown);
        }

        return cat(columns, 2);
    }

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots) => _coded.forward(ids);

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids)
    {
        Tensor rows = FeaturesCore(ids);
        if (training && _variant.Dropped > 0) rows = rows * Kept(ids).to(rows.dtype);
        Tensor padded = nn.functional.pad(rows, [0, Dim - rows.size(2)]);
        if (_tables is null) return padded;
        (Tensor index, Tensor known) = Rows(ids, _variant.LearnedBits!.Value);
        for (int order = 0; order < _codes.Orders.Count; order++)
        {
            Tensor learned = _tables[order].index_select(0, index.select(2, order).reshape(-1)).view(padded.shape);
            padded = padded + (learned * known.select(2, order).unsqueeze(-1).to(learned.dtype));
        }

        return padded;
    }

    /// <summary>
    /// The code of each n-gram of an order, by its index: the random code of its bucket, or one column with the norm of a whole code.
    /// </summary>
    private Tensor Code(int order, Tensor index) => _bucketCodes is not null
        ? _bucketCodes.select(0, order).index_select(0, index.reshape(-1))
        : nn.functional.one_hot(index.remainder(_codes.ColumnsPerOrder),
            _codes.ColumnsPerOrder) * (_codes.Amplitude * Math.Sqrt(_codes.ColumnsPerOrder));

    /// <summary>The row of each n-gram of [N, L] ids, of 2^bits rows, and whether there is an n-gram; both [N, L, orders].</summary>
    private (Tensor Index, Tensor Known) Rows(Tensor ids, int bits)
    {
        Tensor signs = _indexed.Features(ids).narrow(2, HslFeatures.Dimension, _codes.Orders.Count * BitsOfBuckets)
            .view(ids.size(0), ids.size(1), _codes.Orders.Count, BitsOfBuckets);
        Tensor index = (signs.gt(0).to(ScalarType.Int64) * _powers).narrow(3, 0, bits).sum(3);
        return (index, signs.select(3, 0).ne(0));
    }

    /// <summary>
    /// The mask of columns in training, [N, L, columns] of 1 and 0. Each code of each position is dropped independently. The draw is a
    /// function of the ids, so that a resumed run gives the same result as an uninterrupted one.
    /// </summary>
    private Tensor Kept(Tensor ids)
    {
        Tensor places = arange(1, ids.numel() + 1, ScalarType.Int64, ids.device);
        long seed = (ids.reshape(-1).to(ScalarType.Int64) * places).sum().item<long>();
        using Generator random = new((ulong)seed, CPU);
        Tensor codes = rand([ids.size(0), ids.size(1), _codes.Orders.Count, 1], generator: random).ge(_variant.Dropped)
            .to(ScalarType.Float32).expand(-1, -1, -1, _codes.ColumnsPerOrder).reshape(ids.size(0), ids.size(1), _codes.Columns);
        if (_variant.Modified.Contains("only")) return codes;
        return cat([ones([ids.size(0), ids.size(1), HslFeatures.Dimension]), codes], 2);
    }

    /// <summary>Learned tables start at 0, so that training starts from the zero door.</summary>
    protected override void ResetParameters(Generator random)
    {
    }
}

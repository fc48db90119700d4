using System.Text.Json;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>All 256 bytes as points in space: their feature rows along the three principal components.</summary>
/// <param name="Kinds">Kind of each byte.</param>
/// <param name="Rows">[256][27] features of each byte at the start of an input.</param>
/// <param name="Views">The two views: value columns only, and all columns.</param>
internal sealed record Cosmos(IReadOnlyList<ByteKind> Kinds, IReadOnlyList<float[]> Rows, IReadOnlyList<CosmosView> Views)
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

    public static Cosmos Compute()
    {
        float[][] rows = [.. Bytes.Select(value => HslFeatures.Encode([value]))];
        return new Cosmos([.. Bytes.Select(ByteKinds.Of)], rows,
        [
            CosmosView.Of("value", HslChannels.Columns(HslChannelGroup.Value), rows),
            CosmosView.Of("all", [.. Enumerable.Range(0, HslFeatures.Dimension)], rows),
        ]);
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, DemoJson.Options);
}

using System.Net.Mime;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http.HttpResults;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The features of the bytes in a request, and the slots they become, as row-major little-endian floats.</summary>
internal sealed class FeatureEndpoints(DemoLimits limits) : IDisposable
{
    /// <summary>K of the slots shown.</summary>
    public const int BytesPerSlot = 8;

    /// <summary>Width of the slots shown.</summary>
    public const int Dim = 512;

    private readonly ZeroDoor _door = new(BytesPerSlot, Dim);

    /// <summary>[max(1, L), 27] features.</summary>
    public async Task<IResult> EncodeAsync(HttpRequest request)
    {
        (byte[] bytes, IResult? refusal) = await RequestBody.ReadAsync(request, MediaTypeNames.Application.Octet, limits.InputBytes);
        return refusal ?? Floats(HslFeatures.Encode(bytes));
    }

    /// <summary>[max(1, ceil(L/8)), 512] slots.</summary>
    public async Task<IResult> PackAsync(HttpRequest request)
    {
        (byte[] bytes, IResult? refusal) = await RequestBody.ReadAsync(request, MediaTypeNames.Application.Octet, limits.InputBytes);
        if (refusal is not null) return refusal;

        using var quiet = inference_mode();
        using Tensor ids = tensor(bytes.Length == 0 ? [0] : bytes); // as the features do, take empty input for one 0x00 byte
        using Tensor slots = _door.forward(ids);
        return Floats(slots.data<float>().ToArray());
    }

    public void Dispose() => _door.Dispose();

    private static FileContentHttpResult Floats(float[] values) => TypedResults.Bytes(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), MediaTypeNames.Application.Octet);
}

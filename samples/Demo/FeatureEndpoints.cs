using System.Buffers;
using System.Net.Mime;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Endpoints that return features or slots of the bytes in a request, as row-major little-endian floats.</summary>
/// <param name="limits">Limits of requests.</param>
/// <param name="stopping">Ends the wait of requests.</param>
internal sealed class FeatureEndpoints(DemoLimits limits, CancellationToken stopping) : IDisposable
{
    /// <summary>Bytes sent at a time. Kestrel copies what it is given, so that a whole answer would be in memory twice.</summary>
    private const int Piece = 16 << 10;

    private readonly Places _places = new(limits.Features, limits.WaitingFeatures, limits.WaitingTime);

    /// <summary>Answers with [max(1, L), 27] features.</summary>
    public Task EncodeAsync(HttpContext context) => AnswerAsync(
        context,
        bytes => (int)HslFeatures.Length(bytes.Length),
        (bytes, floats) => HslFeatures.Encode(bytes, floats));

    /// <summary>Answers with [max(1, ceil(L/8)), 512] slots.</summary>
    public Task PackAsync(HttpContext context) => AnswerAsync(
        context,
        bytes => Slots.Count(bytes.Length) * Slots.Dim,
        (bytes, floats) => Slots.Pack(bytes, floats));

    public void Dispose() => _places.Dispose();

    private delegate void Fill(byte[] input, Span<float> output);

    private async Task AnswerAsync(HttpContext context, Func<byte[], int> count, Fill fill)
    {
        if (await RequestBody.ReadAsync(context, MediaTypeNames.Application.Octet, limits.InputBytes, limits.BodyTime) is not { } input)
            return;
        if (await _places.TakeAsync(context, stopping) is not { } place) return;

        // Up to a megabyte per request: rented, to spare the garbage collector.
        int length = count(input) * sizeof(float);
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        using var unread = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        try
        {
            using (place) fill(input, MemoryMarshal.Cast<byte, float>(rented.AsSpan(0, length)));
            context.Response.ContentType = MediaTypeNames.Application.Octet;
            context.Response.ContentLength = length;
            unread.CancelAfter(limits.ReadingTime);
            for (int at = 0; at < length; at += Piece)
                await context.Response.Body.WriteAsync(rented.AsMemory(at, Math.Min(Piece, length - at)), unread.Token);
        }
        catch (OperationCanceledException) when (unread.IsCancellationRequested)
        {
            context.Abort(); // the client has disconnected, or reads too slowly
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}

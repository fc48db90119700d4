using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace HslEmbeddingZero.Demo.Tests;

public class FeatureEndpointsTests
{
    private const int Dim = 512;
    private const int Used = 8 * HslFeatures.Dimension;

    public static TheoryData<byte[]> Inputs => new()
    {
        Array.Empty<byte>(),
        "No learned input layer, 안녕!"u8.ToArray(),
        new byte[] { 0, 255, 128, 127, 0xC0, 0xFE },
        Enumerable.Range(0, 4096).Select(i => (byte)(i * 37)).ToArray(),
    };

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task Features_are_those_of_the_library(byte[] input)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        Assert.Equal(HslFeatures.Encode(input), await FloatsAsync(demo, "/api/features", input));
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task Slots_are_those_of_the_zero_door(byte[] input)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        using ZeroDoor door = new(8, Dim);
        using TorchSharp.torch.Tensor ids = TorchSharp.torch.tensor(input.Length == 0 ? [0] : input, device: TorchSharp.torch.CPU);
        using TorchSharp.torch.Tensor expected = door.forward(ids);
        Assert.Equal(expected.data<float>().ToArray(), await FloatsAsync(demo, "/api/slots", input));
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task Slots_are_eight_rows_side_by_side_and_zeros(byte[] input)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        float[] slots = await FloatsAsync(demo, "/api/slots", input);
        byte[] padded = [.. input, .. new byte[(8 - input.Length % 8) % 8]];
        if (padded.Length == 0) padded = new byte[8];
        float[] rows = HslFeatures.Encode(padded);
        Assert.Equal(padded.Length / 8 * Dim, slots.Length);
        for (int slot = 0; slot < padded.Length / 8; slot++)
        {
            Assert.Equal(rows.AsSpan(slot * Used, Used), slots.AsSpan(slot * Dim, Used));
            Assert.False(slots.AsSpan(slot * Dim + Used, Dim - Used).ContainsAnyExcept(0f));
        }
    }

    [Theory]
    [InlineData("/api/features")]
    [InlineData("/api/slots")]
    public async Task More_bytes_than_allowed_are_refused_however_they_are_sent(string path)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        using HttpResponseMessage announced = await demo.PostBytesAsync(path, new byte[4097]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, announced.StatusCode);

        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StreamContent(new MemoryStream(new byte[4097])) };
        request.Content.Headers.ContentType = new("application/octet-stream");
        request.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage chunked = await demo.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);
        Assert.Contains("4096 bytes", await chunked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_type_of_content_is_refused()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        using HttpResponseMessage response = await demo.Client.PostAsync("/api/features",
            new StringContent("text", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Contains("text/plain", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<float[]> FloatsAsync(RunningDemo demo, string path, byte[] input)
    {
        using HttpResponseMessage response = await demo.PostBytesAsync(path, input);
        response.EnsureSuccessStatusCode();
        return MemoryMarshal.Cast<byte, float>(await response.Content.ReadAsByteArrayAsync()).ToArray();
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>A client that sends exactly the bytes it is given: what no HTTP library would send, or slowly, or only a part.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly CancellationTokenSource _late = new(Patience);
    private readonly TcpClient _tcp = new();

    public static Task<RawClient> ConnectAsync(RunningDemo demo, int receiveBuffer = 64 << 10) => ConnectAsync(demo.Address, receiveBuffer);

    public static async Task<RawClient> ConnectAsync(Uri address, int receiveBuffer = 64 << 10)
    {
        RawClient client = new();
        client._tcp.ReceiveBufferSize = receiveBuffer; // before the connection, which tells it to the server
        await client._tcp.ConnectAsync(IPAddress.Loopback, address.Port, client._late.Token);
        return client;
    }

    /// <summary>Head of a POST request. The body of so many bytes is to follow.</summary>
    public static string Post(string path, int length, string extra = "") =>
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{extra}"
            + $"Content-Type: {(path == "/api/generate" ? "application/json" : "application/octet-stream")}\r\n\r\n";

    public async Task SendAsync(string text) => await SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await _tcp.GetStream().WriteAsync(bytes, _late.Token);

    /// <summary>Reads up to so many bytes; 0 when the server has closed the connection, or has broken it.</summary>
    public async Task<int> ReadAsync(byte[] buffer)
    {
        try
        {
            return await _tcp.GetStream().ReadAsync(buffer, _late.Token);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public async Task<string> ReadLineAsync()
    {
        StringBuilder line = new();
        byte[] one = new byte[1];
        while (await ReadAsync(one) > 0 && one[0] != '\n') line.Append((char)one[0]);
        return line.ToString().TrimEnd('\r');
    }

    /// <summary>Reads until the server closes the connection, which it must.</summary>
    public async Task<RawAnswer> ReadToEndAsync()
    {
        MemoryStream all = new();
        byte[] buffer = new byte[4096];
        for (int read; (read = await ReadAsync(buffer)) > 0;) all.Write(buffer, 0, read);
        return RawAnswer.Parse(Encoding.UTF8.GetString(all.ToArray()));
    }

    /// <summary>Breaks the connection at once, without a word.</summary>
    public void Reset() => _tcp.Client.Close(timeout: 0);

    public void Dispose()
    {
        _tcp.Dispose();
        _late.Dispose();
    }
}

/// <summary>An answer as it came.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>The detail of an error in JSON form.</summary>
    public string Detail => JsonDocument.Parse(Body).RootElement.GetProperty("detail").GetString()!;

    public static RawAnswer Parse(string text)
    {
        string[] parts = text.Split("\r\n\r\n", 2);
        string[] head = parts[0].Split("\r\n");
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (string[] header in head[1..].Select(line => line.Split(": ", 2))) headers[header[0]] = header[1];
        string body = parts[1];
        // An error fits into one chunk: its length, the bytes, and the empty chunk.
        if (headers.ContainsKey("Transfer-Encoding")) body = string.Concat(body.Split("\r\n").Where((_, i) => i % 2 == 1));
        return new RawAnswer(int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, body);
    }
}

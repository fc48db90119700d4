using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace HslEmbeddingZero.DemoLoad;

/// <summary>A client that sends its requests slowly, or reads its answers slowly, until the demo disconnects it.</summary>
/// <param name="demo">Address of the demo.</param>
/// <param name="tally">Counts the results.</param>
/// <param name="writes">Whether it is slow to send; else it is slow to read.</param>
internal sealed class SlowClient(Uri demo, Tally tally, bool writes)
{
    private const string Prompt = """{"prompt":"The ","length":256}""";
    private const int MostInput = 4096; // its slots are a megabyte
    private const int StatusLine = 12; // "HTTP/1.1 408"
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private int _turn;

    public async Task RunAsync(CancellationToken over)
    {
        try
        {
            while (!over.IsCancellationRequested)
            {
                try
                {
                    using TcpClient connection = new() { ReceiveBufferSize = 4096 }; // so that the answer waits in the demo
                    await connection.ConnectAsync(demo.Host, demo.Port, over);
                    await (writes ? SendSlowlyAsync(connection, over) : ReadSlowlyAsync(connection, over));
                }
                catch (Exception error) when (error is IOException or SocketException)
                {
                    tally.Slow(writes ? "slow writers disconnected" : "slow readers disconnected");
                }

                await Task.Delay(Pause, over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Its time is over.
        }
    }

    /// <summary>A byte at a time, until the demo has answered.</summary>
    private async Task SendSlowlyAsync(TcpClient connection, CancellationToken over)
    {
        NetworkStream stream = connection.GetStream();
        await stream.WriteAsync(Head("/api/generate", "application/json", Prompt.Length), over);
        Task<string> answer = ReadStatusAsync(stream, over);
        for (int sent = 0; sent < Prompt.Length && !answer.IsCompleted; sent++)
        {
            await stream.WriteAsync(new[] { (byte)Prompt[sent] }, over);
            await Task.WhenAny(answer, Task.Delay(Pause, over));
        }

        tally.Slow($"answers {await answer} to slow writers");
    }

    /// <summary>A few bytes at a time, to the end. It asks for slots and for a continuation in turns.</summary>
    private async Task ReadSlowlyAsync(TcpClient connection, CancellationToken over)
    {
        NetworkStream stream = connection.GetStream();
        (string path, string type, byte[] body) = _turn++ % 2 == 0
            ? ("/api/slots", "application/octet-stream", new byte[MostInput])
            : ("/api/generate", "application/json", Encoding.ASCII.GetBytes(Prompt));
        await stream.WriteAsync(new ReadOnlyMemory<byte>([.. Head(path, type, body.Length), .. body]), over);
        tally.Slow($"answers {await ReadStatusAsync(stream, over)} to slow readers of {path}");
        byte[] few = new byte[256];
        while (await stream.ReadAsync(few, over) > 0) await Task.Delay(Pause, over);
    }

    private byte[] Head(string path, string type, int length) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"POST {path} HTTP/1.1\r\nHost: {demo.Authority}\r\nConnection: close\r\nContent-Type: {type}\r\n"
            + $"Content-Length: {length}\r\n\r\n"));

    private static async Task<string> ReadStatusAsync(NetworkStream stream, CancellationToken over)
    {
        byte[] line = new byte[StatusLine];
        await stream.ReadExactlyAsync(line, over);
        return Encoding.ASCII.GetString(line)[^3..];
    }
}

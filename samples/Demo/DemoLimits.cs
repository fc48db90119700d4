namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Limits of the server: of requests, and of requests at once. Everything beyond is refused with a reason.</summary>
internal sealed record DemoLimits : InputLimits
{
    /// <summary>Most bytes of a generation request: a prompt in which every byte is a six-character escape, and the numbers.</summary>
    public int RequestBytes => 6 * PromptBytes + 1024;

    /// <summary>Most bytes of a question with a text, in which quotes and line breaks take two bytes each.</summary>
    public int AskBytes => (2 * TextBytes) + RequestBytes;

    /// <summary>Time limit of one generation, on any machine.</summary>
    public TimeSpan GenerationTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Most generations at once. Each uses one core.</summary>
    public int Generations { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Most generations that wait.</summary>
    public int WaitingGenerations { get; init; } = 8;

    /// <summary>Most feature requests at once.</summary>
    public int Features { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary>Most feature requests that wait.</summary>
    public int WaitingFeatures { get; init; } = 64;

    /// <summary>
    /// Longest time that a request waits for its turn. Then it is refused, and the client may come back. A busy machine notices it late, so
    /// this is less than the second that nobody shall wait.
    /// </summary>
    public TimeSpan WaitingTime { get; init; } = TimeSpan.FromMilliseconds(750);

    /// <summary>Longest time until the body of a request is there, however steadily it arrives.</summary>
    public TimeSpan BodyTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Longest time until a client has read its answer, after the time of its computation. Then it is disconnected.</summary>
    public TimeSpan ReadingTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that the system may hold for a client that does not read. It would take megabytes for each.</summary>
    public int SendBuffer { get; init; } = 64 << 10;

    /// <summary>Most open connections.</summary>
    public int Connections { get; init; } = 512;
}

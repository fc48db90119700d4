using System.Text;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>Reads the bytes of a prompt as they are: from the command line, a file, or standard input.</summary>
internal static class PromptInput
{
    /// <summary>Name of standard input, as in other programs.</summary>
    public const string Standard = "-";

    /// <summary>Longest prompt. A model sees its end only, so a longer one is a wrong file.</summary>
    private const int MostBytes = 16 << 20;

    /// <summary>
    /// How long standard input may stay silent where nobody named it. A service or a build may start the program with an open pipe that
    /// never says anything.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <param name="console">Console for the progress.</param>
    /// <param name="text">The option --prompt; "-" names standard input.</param>
    /// <param name="file">The option --prompt-file; "-" names standard input.</param>
    /// <param name="cancellationToken">Stops the reading, also of an input that says nothing.</param>
    /// <exception cref="InvalidDataException">The prompt is too long.</exception>
    /// <exception cref="IOException">The prompt cannot be read.</exception>
    public static async Task<byte[]> ReadAsync(IAnsiConsole console, string? text, string? file, CancellationToken cancellationToken)
    {
        if (text is not null and not Standard) return Encoding.UTF8.GetBytes(text);
        bool isNamed = (text ?? file) is not null;
        if (!isNamed && !Console.IsInputRedirected) return [];
        string name = file is not null and not Standard ? $"--prompt-file {file}" : "standard input";
        using WorkProgress progress = new(console, $"reading the prompt from {name}");
        TaskCompletionSource begun = new();
        // A thread of its own: a read that nothing answers cannot be cancelled, only left.
        Task<byte[]> reading = Task.Factory.StartNew(
            () => Read(name, file is null or Standard ? Console.OpenStandardInput : () => Open(file), begun), cancellationToken,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!isNamed)
        {
            await Task.WhenAny(begun.Task, reading, Task.Delay(Patience, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (!begun.Task.IsCompleted && !reading.IsCompleted)
            {
                await Console.Error.WriteLineAsync(
                    $"Nothing came on standard input for {Patience.TotalSeconds:0} seconds, so a new document begins. "
                        + "--prompt - waits for it.").ConfigureAwait(false);
                return [];
            }
        }

        return await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static FileStream Open(string path) => Directory.Exists(path)
        ? throw new IOException($"--prompt-file {path}: this is a folder; name a file.")
        : new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static byte[] Read(string name, Func<Stream> open, TaskCompletionSource begun)
    {
        using Stream input = open();
        using MemoryStream prompt = new();
        byte[] buffer = new byte[1 << 16];
        for (int count; (count = input.Read(buffer)) > 0;)
        {
            begun.TrySetResult();
            prompt.Write(buffer, 0, count);
            if (prompt.Length <= MostBytes) continue;
            throw new InvalidDataException(
                $"{name}: the prompt has more than {MostBytes} bytes. The model sees its last bytes only: give these, as with "
                    + "tail -c 1000.");
        }

        return prompt.ToArray();
    }
}

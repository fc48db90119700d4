using System.Text;

namespace HslEmbeddingZero;

/// <summary>Who speaks in a turn of a chat.</summary>
public enum ChatRole
{
    /// <summary>What the model is told before the chat, such as facts.</summary>
    System,

    /// <summary>The person who asks.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,
}

/// <summary>A turn of a chat.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Text">What is said. "&lt;|" in it becomes "&lt; |" in a prompt, so that no text can begin a turn.</param>
public sealed record ChatTurn(ChatRole Role, string Text);

/// <summary>
/// Writes chats as bytes, in the published format: each turn begins with a literal marker and a newline, and the answer of the assistant
/// ends with a marker too.
/// </summary>
/// <remarks>
/// <code>
/// &lt;|system|&gt;\n{facts}\n&lt;|user|&gt;\n{question}\n&lt;|assistant|&gt;\n{answer}&lt;|eos|&gt;\n&lt;|user|&gt;\n...
/// </code>
/// In a stream, the id EOS (257) ends an answer in place of the last marker. The turns before it are context: they are at the end of the
/// context, and MASK (256) fills its beginning.
/// </remarks>
public static class ChatPrompt
{
    /// <summary>Ends an answer of the assistant within a prompt.</summary>
    public const string EndMarker = "<|eos|>";

    /// <summary>Every marker begins with it. An answer stops there.</summary>
    public const string MarkerStart = "<|";

    /// <summary>Writes turns, and opens the turn of the assistant.</summary>
    /// <param name="turns">The turns so far, the last one of the user; may be empty.</param>
    /// <param name="mostBytes">
    /// Maximum length of the prompt, 1 or more. Whole turns are left out to reach it, the oldest first: not the system's, and not the last
    /// one. If that is not enough, the first bytes of the prompt are left out.
    /// </param>
    /// <returns>The prompt in UTF-8.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostBytes"/> is below 1.</exception>
    public static byte[] Encode(IReadOnlyList<ChatTurn> turns, int mostBytes = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(turns);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostBytes, 1);
        byte[] opening = Encoding.UTF8.GetBytes(Marker(ChatRole.Assistant));
        List<(ChatRole Role, byte[] Bytes)> parts = [.. turns.Select(turn => (turn.Role, Encoding.UTF8.GetBytes(Write(turn))))];
        long length = opening.Length + parts.Sum(part => (long)part.Bytes.Length);
        while (length > mostBytes)
        {
            int oldest = parts.FindIndex(part => part.Role != ChatRole.System);
            if (oldest < 0 || oldest == parts.Count - 1) break;
            length -= parts[oldest].Bytes.Length;
            parts.RemoveAt(oldest);
        }

        byte[] prompt = [.. parts.SelectMany(part => part.Bytes), .. opening];
        return prompt.Length <= mostBytes ? prompt : prompt[^mostBytes..];
    }

    /// <summary>Writes a prompt as the context of a model: the prompt at the end, MASK before it.</summary>
    /// <param name="prompt">The prompt. If it is longer than the context, its first bytes are left out.</param>
    /// <param name="context">Receives the ids, as many as the contexts of the training had.</param>
    public static void WriteContext(ReadOnlySpan<byte> prompt, Span<short> context)
    {
        if (prompt.Length > context.Length) prompt = prompt[^context.Length..];
        Span<short> ids = context[^prompt.Length..];
        context[..^prompt.Length].Fill(ByteIds.Mask);
        for (int i = 0; i < prompt.Length; i++) ids[i] = prompt[i];
    }

    private static string Write(ChatTurn turn) =>
        Marker(turn.Role) + turn.Text.Replace(MarkerStart, "< |", StringComparison.Ordinal)
            + (turn.Role == ChatRole.Assistant ? EndMarker : "") + "\n";

    private static string Marker(ChatRole role) => role switch
    {
        ChatRole.System => "<|system|>\n",
        ChatRole.User => "<|user|>\n",
        ChatRole.Assistant => "<|assistant|>\n",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "A role is System, User or Assistant."),
    };
}

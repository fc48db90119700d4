namespace HslEmbeddingZero.Knowledge;

/// <summary>
/// Writes facts and a chat as the prompt of a model, see <see cref="ChatPrompt"/>. The facts are the turn of the system, one on each line,
/// the best one last: it is then nearest to the question.
/// </summary>
public static class KnowledgePrompt
{
    /// <summary>
    /// The text to search the store with: what the user has said so far. A later question often leaves out whom it is about.
    /// </summary>
    /// <param name="turns">The turns so far.</param>
    public static string Query(IReadOnlyList<ChatTurn> turns)
    {
        ArgumentNullException.ThrowIfNull(turns);
        return string.Join('\n', turns.Where(turn => turn.Role == ChatRole.User).Select(turn => turn.Text));
    }

    /// <summary>Writes the prompt.</summary>
    /// <param name="facts">Facts, the best first, as <see cref="KnowledgeStore.Search"/> gives them; may be empty.</param>
    /// <param name="turns">The turns so far, the last one of the user.</param>
    /// <param name="mostBytes">
    /// Maximum length of the prompt, 1 or more. The turns have the room first; the facts that do not fit beside them are left out, the
    /// worst first.
    /// </param>
    /// <returns>The prompt in UTF-8. Without a fact, it has no turn of the system.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostBytes"/> is below 1.</exception>
    public static byte[] Encode(IReadOnlyList<FoundFact> facts, IReadOnlyList<ChatTurn> turns, int mostBytes)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(turns);
        int count = CountFitting(facts, turns, mostBytes);
        return count == 0 ? ChatPrompt.Encode(turns, mostBytes) : Write(facts.Take(count), turns);
    }

    /// <summary>How many of the facts, from the best one on, have room beside the turns.</summary>
    internal static int CountFitting(IReadOnlyList<FoundFact> facts, IReadOnlyList<ChatTurn> turns, int mostBytes)
    {
        int count = facts.Count;
        while (count > 0 && Write(facts.Take(count), turns).Length > mostBytes) count--;
        return count;
    }

    private static byte[] Write(IEnumerable<FoundFact> facts, IReadOnlyList<ChatTurn> turns) => ChatPrompt.Encode(
        [new(ChatRole.System, string.Join('\n', facts.Reverse().Select(fact => fact.Text))), .. turns]);
}

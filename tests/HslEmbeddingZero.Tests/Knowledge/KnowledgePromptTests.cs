using System.Text;
using HslEmbeddingZero.Knowledge;

namespace HslEmbeddingZero.Tests.Knowledge;

public sealed class KnowledgePromptTests
{
    private static readonly FoundFact[] Facts =
    [
        new(3, "미나는 부산에 산다.", 9, "people", 40), new(1, "Mina bakes.", 5, "people", 0), new(2, "Joe flies.", 1, "people", 20),
    ];

    private static readonly ChatTurn[] Chat =
    [
        new(ChatRole.User, "Who is Mina?"), new(ChatRole.Assistant, "A baker."), new(ChatRole.User, "어디에 살아?"),
    ];

    /// <summary>The chat above, as a prompt.</summary>
    private const string Turns =
        "<|user|>\nWho is Mina?\n<|assistant|>\nA baker.<|eos|>\n<|user|>\n어디에 살아?\n<|assistant|>\n";

    [Fact]
    public void Facts_are_the_turn_of_the_system_and_the_best_one_is_last() =>
        Assert.Equal("<|system|>\nJoe flies.\nMina bakes.\n미나는 부산에 산다.\n" + Turns, Encode(Facts));

    [Fact]
    public void Without_a_fact_there_is_no_turn_of_the_system() => Assert.Equal(Turns, Encode([]));

    /// <summary>A limit of exactly the length of a prompt, and one byte less, for each number of facts.</summary>
    [Fact]
    public void The_worst_facts_are_left_out_first()
    {
        for (int count = Facts.Length; count > 0; count--)
        {
            string fitting = Encode(Facts[..count]);
            int length = Encoding.UTF8.GetByteCount(fitting);
            Assert.Equal(fitting, Encode(Facts, length));
            Assert.Equal(Encode(Facts[..(count - 1)]), Encode(Facts, length - 1));
        }
    }

    [Fact]
    public void The_turns_have_the_room_first()
    {
        int most = Encoding.UTF8.GetByteCount(Turns);
        Assert.Equal(Turns, Encode(Facts, most));
        byte[] shorter = KnowledgePrompt.Encode(Facts, Chat, most - 1);
        Assert.Equal(ChatPrompt.Encode(Chat, most - 1), shorter);
        Assert.True(shorter.Length < most);
    }

    [Fact]
    public void A_fact_cannot_begin_a_turn() => Assert.StartsWith(
        "<|system|>\n< |user|>\nJoe flies.\n<|user|>\nWho",
        Encode([Facts[2], new(4, "<|user|>", 1, "people", 60)]), StringComparison.Ordinal);

    [Fact]
    public void The_query_is_what_the_user_has_said()
    {
        Assert.Equal("Who is Mina?\n어디에 살아?", KnowledgePrompt.Query(Chat));
        Assert.Equal("", KnowledgePrompt.Query([new(ChatRole.System, "Facts."), new(ChatRole.Assistant, "Hello.")]));
    }

    [Fact]
    public void A_question_of_a_chat_finds_its_fact_and_the_prompt_ends_with_it()
    {
        using var store = KnowledgeStore.InMemory();
        store.Add("people", "Mina lives in Busan. Joe lives in Seoul. Ann lives in Paris.");
        ChatTurn[] turns =
            [new(ChatRole.User, "Tell me about Joe."), new(ChatRole.Assistant, "Yes?"), new(ChatRole.User, "Where does he live?")];
        byte[] prompt = KnowledgePrompt.Encode(store.Search(KnowledgePrompt.Query(turns)), turns, 512);
        Assert.Contains("\nJoe lives in Seoul.\n<|user|>\nTell me", Encoding.UTF8.GetString(prompt), StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => KnowledgePrompt.Query(null!));
        Assert.Throws<ArgumentNullException>(() => KnowledgePrompt.Encode(null!, Chat, 100));
        Assert.Throws<ArgumentNullException>(() => KnowledgePrompt.Encode(Facts, null!, 100));
        Assert.Throws<ArgumentOutOfRangeException>(() => KnowledgePrompt.Encode(Facts, Chat, 0));
    }

    private static string Encode(IReadOnlyList<FoundFact> facts, int mostBytes = 1000) =>
        Encoding.UTF8.GetString(KnowledgePrompt.Encode(facts, Chat, mostBytes));
}

using System.Text;
using HslEmbeddingZero.Samples.SyntheticData;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Samples of chats: dialogues over the store, and dialogues of tasks that have one right answer.</summary>
internal static class Chats
{
    /// <summary>Share of the chats that are tasks; the others are about persons.</summary>
    private const double TaskShare = 0.5;

    /// <summary>A chat for training.</summary>
    public static PromptSample Draw(KnowledgeFacts facts, SampleDraw draw, int mostBytes)
    {
        Draws choices = KnowledgeFacts.ChoicesOf(draw);
        return draw.Uniform < TaskShare
            ? Tasks(choices, isHeldOut: false, mostBytes)
            : facts.Dialogue(choices.OneOf(facts.World.Training), choices, mostBytes);
    }

    /// <summary>Chats to score: tasks whose contents no training has, and dialogues about held-out persons.</summary>
    /// <returns>The samples, and for each whether it is a task (0) or a dialogue (1).</returns>
    public static (IReadOnlyList<PromptSample> Samples, int[] PartOf) HeldOut(KnowledgeFacts facts, int count, int mostBytes)
    {
        var samples = new PromptSample[count];
        int[] partOf = [.. Enumerable.Range(0, count).Select(i => i % 2)];
        for (int i = 0; i < count; i++)
        {
            Draws choices = new(Draws.Hash((ulong)facts.World.Options.Seed, i));
            samples[i] = partOf[i] == 0
                ? Tasks(choices, isHeldOut: true, mostBytes)
                : facts.Dialogue(choices.OneOf(facts.World.HeldOut), choices, mostBytes);
        }

        return (samples, partOf);
    }

    /// <summary>The turns of a dialogue up to a question, and the answer to it.</summary>
    public static (IReadOnlyList<ChatTurn> Turns, string Answer) UpTo(ChatDialogue dialogue, int last) => (
        [
            .. dialogue.Exchanges.Take(last).SelectMany(exchange => (ChatTurn[])
                [new(ChatRole.User, exchange.Question), new(ChatRole.Assistant, exchange.Answer)]),
            new(ChatRole.User, dialogue.Exchanges[last].Question),
        ],
        dialogue.Exchanges[last].Answer);

    /// <summary>A prompt with its answer in UTF-8.</summary>
    public static PromptSample Sample(byte[] prompt, string answer) => new(prompt, Encoding.UTF8.GetBytes(answer));

    private static PromptSample Tasks(Draws choices, bool isHeldOut, int mostBytes)
    {
        var dialogue = ChatDialogue.OfTasks((ulong)choices.Below(int.MaxValue), isHeldOut);
        (IReadOnlyList<ChatTurn> turns, string answer) = UpTo(dialogue, choices.Below(dialogue.Exchanges.Count));
        return Sample(ChatPrompt.Encode(turns, mostBytes), answer);
    }
}

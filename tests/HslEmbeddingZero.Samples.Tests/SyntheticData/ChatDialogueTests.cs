using HslEmbeddingZero.Samples.SyntheticData;

namespace HslEmbeddingZero.Samples.Tests.SyntheticData;

public sealed class ChatDialogueTests
{
    private static readonly BiographyWorld World = new(new() { Persons = 200, HeldOutPersons = 40 });

    private static readonly ChatDialogue[] Dialogues =
        [.. World.Training.Concat(World.HeldOut).Select(person => ChatDialogue.About(World, person, choice: 3))];

    [Fact]
    public void The_first_question_names_the_person_and_no_later_one_does()
    {
        Assert.All(Dialogues, dialogue =>
        {
            string name = dialogue.Person!.Name;
            Assert.Contains(name, dialogue.Exchanges[0].Question, StringComparison.Ordinal);
            Assert.All(dialogue.Exchanges.Skip(1), turn => Assert.DoesNotContain(name, turn.Question, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void The_later_questions_ask_for_other_relations_each_with_its_phrasings()
    {
        Assert.All(Dialogues, dialogue =>
        {
            Assert.Equal(dialogue.Exchanges.Count, dialogue.Asked.Distinct().Count());
            Assert.All(dialogue.Exchanges.Zip(dialogue.Asked).Skip(1), turn =>
                Assert.Contains(turn.First.Question, Phrasings.Of(dialogue.Person!.Language, turn.Second).FollowUps));
        });
    }

    [Fact]
    public void An_answer_is_the_value_of_the_store_that_is_read()
    {
        Assert.All(Dialogues, dialogue =>
        {
            Person person = dialogue.Person!;
            var swapped = ChatDialogue.About(World, person, choice: 3, swapped: true);
            Assert.Equal(dialogue.Exchanges.Select(turn => turn.Question), swapped.Exchanges.Select(turn => turn.Question));
            Assert.Equal(dialogue.Asked.Select(relation => World.Value(person, relation)), dialogue.Exchanges.Select(turn => turn.Answer));
            Assert.Equal(
                dialogue.Asked.Select(relation => World.SwappedValue(person, relation)), swapped.Exchanges.Select(turn => turn.Answer));
        });
    }

    [Fact]
    public void There_are_dialogues_of_one_to_four_turns()
    {
        Assert.Equal([1, 2, 3, 4], Dialogues.Select(dialogue => dialogue.Exchanges.Count).Distinct().Order());
        Assert.Equal(Enum.GetValues<Relation>(), Dialogues.SelectMany(dialogue => dialogue.Asked).Distinct().Order());
    }

    [Fact]
    public void Another_choice_gives_another_dialogue_and_the_same_choice_the_same()
    {
        Assert.Equal(40, Ask(World.Training[5]).Distinct().Count());
        Assert.Equal(Ask(World.Training[5]), Ask(World.Training[5]));

        static string[] Ask(Person person) =>
        [
            .. Enumerable.Range(0, 40).Select(choice =>
                string.Join('\n', ChatDialogue.About(World, person, (ulong)choice).Exchanges.Select(turn => turn.Question))),
        ];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_dialogue_of_tasks_is_in_one_language_about_nobody(bool isHeldOut)
    {
        ChatDialogue[] dialogues = [.. Enumerable.Range(0, 100).Select(choice => ChatDialogue.OfTasks((ulong)choice, isHeldOut))];
        Assert.Equal([1, 2, 3, 4], dialogues.Select(dialogue => dialogue.Exchanges.Count).Distinct().Order());
        Assert.All(dialogues, dialogue =>
        {
            Assert.Null(dialogue.Person);
            Assert.Empty(dialogue.Asked);
            Assert.All(dialogue.Exchanges, turn => Assert.NotEqual("", turn.Answer));
        });
    }
}

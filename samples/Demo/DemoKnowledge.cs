using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Samples.SyntheticData;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// The model that reads facts, and two stores of invented persons that its training never saw: the right one, and one in which each fact
/// has the value of another person.
/// </summary>
internal sealed class DemoKnowledge : IDisposable
{
    private const string Weights = "holo-small.safetensors", Source = "invented persons", OwnSource = "your text";
    private const int Persons = 200, MostAnswerBytes = 64;

    private readonly ByteDecoder _model;
    private readonly KnowledgeChatOptions _options;
    private readonly KnowledgeStore _right, _swapped;

    private DemoKnowledge(ByteDecoder model)
    {
        _model = model;
        _options = KnowledgeChatOptions.FromMetadata(model.Metadata) with { MostAnswerBytes = MostAnswerBytes };
        BiographyWorld world = new(new());
        Person[] persons = [.. world.HeldOut.Take(Persons)];
        (_right, _swapped) = (Store(swapped: false), Store(swapped: true));
        Description = new(
            model.Metadata.GetValueOrDefault("name") ?? Weights, model.ParameterCount, persons.Length, _right.Count, _options.PromptBytes,
            [
                world.Question(persons[0], Relation.Birthplace, choice: 0), world.Question(persons[1], Relation.Birthday, choice: 0),
                world.Question(persons[2], Relation.Dish, choice: 0), world.Question(persons[3], Relation.Occupation, choice: 0),
            ]);

        KnowledgeStore Store(bool swapped)
        {
            var store = KnowledgeStore.InMemory();
            store.Add(Source, string.Join('\n', world.Facts(persons, swapped)));
            return store;
        }
    }

    /// <summary>What the page says about it.</summary>
    public KnowledgeDescription Description { get; }

    /// <summary>Loads the model that comes with the program; null where there is none.</summary>
    /// <exception cref="IOException">The file cannot be read or holds no model.</exception>
    public static DemoKnowledge? Find() => DemoModel.Shipped(Weights) is { } path ? new(ByteDecoder.Load(path)) : null;

    /// <summary>Answers a question, and measures what its facts saved.</summary>
    /// <exception cref="ArgumentException">The question is too long for a prompt.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public AskAnswer Answer(AskRequest request, CancellationToken cancellationToken)
    {
        using KnowledgeStore? own = request.Facts == AskedFacts.Text ? KnowledgeStore.InMemory() : null;
        own?.Add(OwnSource, request.Text);
        KnowledgeStore? store = request.Facts switch
        {
            AskedFacts.Right => _right,
            AskedFacts.Swapped => _swapped,
            _ => own,
        };
        KnowledgeChat chat = new(_model, store, _options);
        KnowledgeAnswer answer = chat.Ask(request.Question, cancellationToken);
        return new(
            answer.Text,
            [.. answer.Facts.Select(fact => new FactCard(fact.Text, Math.Round(fact.Score, 2), fact.Offset))],
            [.. chat.MeasureBits(answer, cancellationToken).Select(byteBits => new AnswerByte(
                byteBits.Value, Math.Round(byteBits.WithFacts, 3), Math.Round(byteBits.WithoutFacts, 3)))]);
    }

    public void Dispose()
    {
        _right.Dispose();
        _swapped.Dispose();
    }
}

/// <summary>What the page says about the model that reads facts.</summary>
/// <param name="Name">Name in the metadata of the file, or else the file name.</param>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="Persons">Invented persons in the store.</param>
/// <param name="Facts">Facts in the store.</param>
/// <param name="PromptBytes">Bytes of a prompt: facts and question.</param>
/// <param name="Examples">Questions about the persons.</param>
internal sealed record KnowledgeDescription(
    string Name, long Parameters, int Persons, long Facts, int PromptBytes, IReadOnlyList<string> Examples);

/// <summary>An answer.</summary>
/// <param name="Answer">The answer as text.</param>
/// <param name="Facts">The facts of its prompt, the best first.</param>
/// <param name="Bytes">The bytes of the answer.</param>
internal sealed record AskAnswer(string Answer, IReadOnlyList<FactCard> Facts, IReadOnlyList<AnswerByte> Bytes);

/// <summary>A fact that the store has found.</summary>
internal sealed record FactCard(string Text, double Score, long Offset);

/// <summary>A byte of an answer, and what it costs with its facts and without, in bits.</summary>
internal sealed record AnswerByte(byte Value, double With, double Without);

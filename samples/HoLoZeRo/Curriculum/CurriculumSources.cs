using HslEmbeddingZero.Samples.SyntheticData;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Makes the sources that a stage of a curriculum names.
/// </summary>
internal sealed class CurriculumSources(TextCorpus text, WindowCorpus windows, KnowledgeFacts facts)
{
    /// <summary>Questions and chats that are scored.</summary>
    public const int ScoredQuestions = 256;

    /// <summary>Name of the gap between swapped and right facts.</summary>
    public const string GroundingGap = "grounding";

    /// <summary>Name of the gap between no facts and right facts.</summary>
    public const string NoFactsGap = "no-facts";

    private const int CopiesScored = 64;
    private const int TextWindows = 128;
    private const int VideoWindows = 64;
    private const int CaptionWindows = 128;

    /// <summary>Names of the sources, and what they are.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new OrderedDictionary<string, string>
    {
        ["text"] = "the text of the corpus",
        ["copy"] = "facts as context, and a part of them to repeat",
        ["reading"] = "a few facts of one person, a question about one of them, and its answer",
        ["knowledge"] = "facts that the store has found, a question, and its answer",
        ["swapped"] = "the same with the swapped store, and its answers; scored only",
        ["recall"] = "questions about persons of the training, without facts; scored only",
        ["chat"] = "dialogues over the store, and tasks with one right answer",
        ["video"] = "a window as context, and the next one",
        ["caption"] = "picture and sound of a window as context, and its caption",
    };

    /// <summary>The sources of a stage.</summary>
    /// <exception cref="InvalidDataException">A name is unknown, or lengths do not fit a source.</exception>
    public IReadOnlyList<SampleSource> Of(CurriculumStage stage) => [.. stage.Sources.Select(pair => Create(stage, pair.Key, pair.Value))];

    private SampleSource Create(CurriculumStage stage, string name, StageSource options)
    {
        SampleShape shape = options.Shape;
        SampleSource source = name switch
        {
            "text" => new TextSource(text, shape.ContextLength, shape.TargetLength, options.Weight, TextWindows),
            "copy" => Copies(shape, options.Weight),
            "reading" => Reading(shape, options.Weight),
            "knowledge" => Knowledge(shape, options.Weight),
            "swapped" => ScoredOnly(name, shape, options, isHeldOut: true, FactChoice.Swapped),
            "recall" => ScoredOnly(name, shape, options, isHeldOut: false, FactChoice.None),
            "chat" => Chat(shape, options.Weight),
            "video" => new VideoSource(windows, options.Weight, VideoWindows),
            "caption" => new CaptionSource(windows, options.Weight, CaptionWindows),
            _ => throw new InvalidDataException(
                $"Stage '{stage.Name}': there is no source '{name}'; there are {string.Join(", ", Names.Keys)}."),
        };
        if (source.Shape == shape) return source;
        throw new InvalidDataException(
            $"Stage '{stage.Name}': source '{name}' has {source.Shape.ContextLength} ids of context and {source.Shape.TargetLength} to "
            + $"score, not {shape.ContextLength} and {shape.TargetLength}.");
    }

    /// <summary>
    /// Copying must be learned before facts can be read. Here every byte of the targets teaches it; in an answer only a few do. The text is
    /// facts, as invented names cannot be guessed: text that can be guessed teaches little copying.
    /// </summary>
    private DelegateSource Copies(SampleShape shape, double weight)
    {
        if (shape.TargetLength > shape.ContextLength)
            throw new InvalidDataException($"Source 'copy': {shape.TargetLength} ids cannot be repeated from {shape.ContextLength}.");
        short[] contexts = new short[CopiesScored * shape.ContextLength], targets = new short[CopiesScored * shape.TargetLength];
        for (int i = 0; i < CopiesScored; i++)
        {
            facts.WriteCopy(
                new(Draws.Hash((ulong)facts.World.Options.Seed, i)), isHeldOut: true,
                contexts.AsSpan(i * shape.ContextLength, shape.ContextLength), targets.AsSpan(i * shape.TargetLength, shape.TargetLength));
        }

        return new(
            "copy", shape, facts.Fingerprint,
            (draw, context, passage) => facts.WriteCopy(KnowledgeFacts.ChoicesOf(draw), isHeldOut: false, context, passage),
            new HeldOutSamples(shape, contexts, targets), weight);
    }

    /// <summary>
    /// Which words of a fact are its value, and which question asks for it, is learned from few facts: such a prompt costs less than half
    /// of one with all that a search finds.
    /// </summary>
    private PromptSource Reading(SampleShape shape, double weight) => new(
        "reading", shape, facts.Fingerprint,
        draw => facts.Reading(KnowledgeFacts.ChoicesOf(draw), isHeldOut: false, shape.ContextLength),
        PromptSource.Collect(
            shape,
            [
                .. Enumerable.Range(0, ScoredQuestions).Select(
                    i => facts.Reading(new(Draws.Hash((ulong)facts.World.Options.Seed, i)), isHeldOut: true, shape.ContextLength)),
            ]),
        weight);

    private PromptSource Knowledge(SampleShape shape, double weight)
    {
        int most = shape.ContextLength;
        HeldOutSamples heldOut = PromptSource.Collect(shape, Samples(FactChoice.True))
            .WithSwap(GroundingGap, Contexts(FactChoice.Swapped))
            .WithSwap(NoFactsGap, Contexts(FactChoice.None));
        return new("knowledge", shape, facts.Fingerprint, draw => facts.Draw(draw, most), heldOut, weight);

        PromptSample[] Samples(FactChoice choice) =>
            [.. facts.Questions(ScoredQuestions, isHeldOut: true, choice, most).Select(question => question.Sample)];

        short[] Contexts(FactChoice choice) =>
            PromptSource.CollectContexts(shape, [.. Samples(choice).Select(sample => sample.Prompt)]);
    }

    private PromptSource ScoredOnly(string name, SampleShape shape, StageSource options, bool isHeldOut, FactChoice choice)
    {
        if (options.Weight > 0)
            throw new InvalidDataException($"Source '{name}' is only scored: its weight must be 0, not {options.Weight}.");
        return new(
            name, shape, facts.Fingerprint, null,
            PromptSource.Collect(
                shape, [.. facts.Questions(ScoredQuestions, isHeldOut, choice, shape.ContextLength).Select(question => question.Sample)]),
            weight: 0);
    }

    private PromptSource Chat(SampleShape shape, double weight)
    {
        (IReadOnlyList<PromptSample> samples, int[] partOf) = Chats.HeldOut(facts, ScoredQuestions, shape.ContextLength);
        return new(
            "chat", shape, facts.Fingerprint, draw => Chats.Draw(facts, draw, shape.ContextLength),
            PromptSource.Collect(shape, samples).WithParts(["tasks", "dialogues"], partOf), weight);
    }
}

using System.Text;

namespace HslEmbeddingZero.Knowledge;

/// <summary>
/// Asks a model that was trained to read facts: it searches the store with the question, writes facts and turns as the prompt of the
/// training, and generates the answer. Later questions may refer to earlier ones.
/// </summary>
/// <remarks>A chat is for one thread at a time. Several chats may share a model and a store, on any threads.</remarks>
public sealed class KnowledgeChat
{
    private readonly IByteModel _model;
    private readonly KnowledgeStore? _store;
    private readonly KnowledgeChatOptions _options;
    private readonly GenerationOptions _generation;
    private KnowledgeAnswer? _asked;
    private StringBuilder _text = new();

    /// <summary>Creates a chat without turns.</summary>
    /// <param name="model">The model, such as a <see cref="ByteDecoder"/>. It stays the caller's.</param>
    /// <param name="store">Where facts are searched, for each question; null for none. It stays the caller's.</param>
    /// <param name="options">Lengths and drawing, see <see cref="KnowledgeChatOptions.FromMetadata"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public KnowledgeChat(IByteModel model, KnowledgeStore? store, KnowledgeChatOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_model, _store, _options) = (model, store, options);
        _generation = options.Generation with { StopSequences = [.. options.Generation.StopSequences, ChatPrompt.MarkerStart] };
    }

    /// <summary>The questions with their complete answers so far. A question whose answer was interrupted is not among them.</summary>
    public IReadOnlyList<ChatTurn> Turns { get; private set; } = [];

    /// <summary>
    /// The last question with its facts and its answer, as far as it was generated; null before the first question. While an answer is
    /// streamed, the facts are here before its first character.
    /// </summary>
    public KnowledgeAnswer? LastAnswer => _asked is null ? null : _asked with { Text = _text.ToString() };

    /// <summary>Asks a question.</summary>
    /// <param name="question">The question, in any language.</param>
    /// <param name="cancellationToken">Stops the answer between two bytes.</param>
    /// <returns>The answer with the facts of its prompt.</returns>
    /// <exception cref="ArgumentException">
    /// The question is empty or too long for the prompt, or the model cannot generate now (training mode).
    /// </exception>
    /// <exception cref="KnowledgeException">The store cannot be read.</exception>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public KnowledgeAnswer Ask(string question, CancellationToken cancellationToken = default)
    {
        KnowledgeAnswer asked = Find(question);
        foreach (string _ in Answer(asked, cancellationToken))
        {
        }

        return LastAnswer!;
    }

    /// <summary>
    /// Asks a question and returns whole characters of the answer, each as soon as it is complete. The store is searched in the call.
    /// </summary>
    /// <inheritdoc cref="Ask"/>
    /// <returns>Pieces of one character or more. <see cref="LastAnswer"/> has the facts at once, and the whole answer at the end.</returns>
    public IAsyncEnumerable<string> AskAsync(string question, CancellationToken cancellationToken = default)
    {
        KnowledgeAnswer asked = Find(question);
        return OffTheContext.RunAsync(token => Answer(asked, token), cancellationToken);
    }

    /// <summary>Begins a new chat: the turns so far are forgotten.</summary>
    public void Reset()
    {
        Turns = [];
        _asked = null;
    }

    /// <summary>
    /// Measures what the facts save: bits of each byte of an answer, with its facts and without. It does not change the chat.
    /// </summary>
    /// <param name="answer">
    /// An answer of this chat; or one with another text or other facts: <c>answer with { Text = "Busan" }</c>.
    /// </param>
    /// <param name="cancellationToken">Stops before a pass of the model.</param>
    /// <returns>The bytes of the answer in UTF-8, without the end of the answer.</returns>
    /// <exception cref="ArgumentException">The model cannot generate now (training mode).</exception>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public IReadOnlyList<ByteBits> MeasureBits(KnowledgeAnswer answer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(answer);
        byte[] text = Encoding.UTF8.GetBytes(answer.Text);
        double[] withFacts = Bits(answer.Facts, answer.Turns, text, cancellationToken);
        double[] without = answer.Facts.Count == 0 ? withFacts : Bits([], answer.Turns, text, cancellationToken);
        return [.. text.Select((value, i) => new ByteBits(value, withFacts[i], without[i]))];
    }

    /// <summary>A question with its facts, before its answer.</summary>
    private KnowledgeAnswer Find(string question)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(question);
        _model.RequireReady();
        ChatTurn turn = new(ChatRole.User, question);
        if (ChatPrompt.Encode([turn]).Length is int length && length > _options.PromptBytes)
        {
            throw new ArgumentException(
                $"The question takes {length} bytes of the prompt; a prompt of this model has {_options.PromptBytes}.", nameof(question));
        }

        ChatTurn[] turns = [.. Turns.TakeLast((int)Math.Min(2L * _options.EarlierQuestions, int.MaxValue)), turn];
        IReadOnlyList<FoundFact> found = _store?.Search(KnowledgePrompt.Query(turns), _options.MostFacts) ?? [];
        // An old turn is worth less than a fact: the oldest exchange goes until the best fact has room.
        while (found.Count > 0 && turns.Length > 1 && KnowledgePrompt.CountFitting(found, turns, _options.PromptBytes) == 0)
            turns = turns[2..];
        _text = new();
        return _asked = new("", [.. found.Take(KnowledgePrompt.CountFitting(found, turns, _options.PromptBytes))], turns);
    }

    private IEnumerable<string> Answer(KnowledgeAnswer asked, CancellationToken cancellationToken)
    {
        IReadOnlyList<ChatTurn> before = Turns;
        StringBuilder text = _text = new();
        cancellationToken.ThrowIfCancellationRequested();
        using IByteGenerator generator = _model.CreateGenerator(Context(asked.Facts, asked.Turns), []);
        IEnumerable<byte> bytes = generator.Generate(_options.MostAnswerBytes, _generation, cancellationToken);
        foreach (string piece in TextGeneration.Characters(bytes))
        {
            text.Append(piece);
            yield return piece;
        }

        Turns = [.. before, asked.Turns[^1], new(ChatRole.Assistant, text.ToString())];
    }

    /// <summary>-log2 of the probability of each byte.</summary>
    private double[] Bits(
        IReadOnlyList<FoundFact> facts, IReadOnlyList<ChatTurn> turns, byte[] text, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        float[] logits = new float[text.Length * ByteIds.Count];
        short[] stream = [.. text.Select(value => (short)value)];
        _model.Forward(Context(facts, turns), stream, logits);
        return [.. text.Select((value, i) => Bits(logits.AsSpan(i * ByteIds.Count, ByteIds.Count), value, i))];
    }

    private static double Bits(ReadOnlySpan<float> logits, byte value, int bytesRead)
    {
        FiniteLogits.Require(logits, bytesRead);
        double most = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits) most = Math.Max(most, logit);
        foreach (float logit in logits) sum += Math.Exp(logit - most);
        return (most + Math.Log(sum) - logits[value]) / Math.Log(2);
    }

    /// <summary>The context as in the training.</summary>
    private short[] Context(IReadOnlyList<FoundFact> facts, IReadOnlyList<ChatTurn> turns)
    {
        short[] context = new short[_options.PromptBytes];
        ChatPrompt.WriteContext(KnowledgePrompt.Encode(facts, turns, context.Length), context);
        return context;
    }
}

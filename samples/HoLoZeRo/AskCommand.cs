using System.CommandLine;
using System.Globalization;
using System.Text;
using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Samples.SyntheticData;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>ask: answers questions with the facts of a store, one question or a chat.</summary>
internal static class AskCommand
{
    private const string Shipped = "holo-small.safetensors", NewChat = "/new";
    private const int TrainingPersons = 20, MostAnswerBytes = 100_000;

    public static Command Create(IAnsiConsole console)
    {
        Argument<string?> question = new("question")
        {
            Description = $"The question. Without one, each line of standard input is a question of one chat; {NewChat} begins another.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        KnowledgeChatOptions start = new() { PromptBytes = 1024 };
        Option<FileInfo> weights = WeightsOption.Create(
            "Model file that curriculum wrote. Default: the small model that comes with the sample.", Shipped);
        Option<string?> store = new("--store")
        {
            Description = "Store of facts that 'knowledge add' made. Default: facts about 2,000 invented persons that the training never "
                + $"saw, and {TrainingPersons} that it saw.",
        };
        store.Validators.Add(KnowledgeCommand.RequirePath);
        Option<bool> swap = new("--swap") { Description = "Give each fact of the invented persons the value of another person." };
        Option<bool> noStore = new("--no-store") { Description = "Give the model no facts." };
        Option<int?> facts = CheckedOptions.Whole("--facts", $"Most facts to find. Default: {start.MostFacts}.", 1, 1000);
        Option<bool> bits = new("--bits") { Description = "Also show how many bits the facts saved, for each character." };
        Option<int?> bytes = CheckedOptions.Whole(
            "--bytes", $"Most bytes of an answer. Default: {start.MostAnswerBytes}.", 1, MostAnswerBytes);
        Option<double> temperature = CheckedOptions.Number(
            "--temperature", "0 always takes the likeliest byte.", 0, value => value is >= 0 and <= 100, "numbers from 0 to 100");
        Option<int?> seed = CheckedOptions.Whole("--seed", "The same seed draws the same bytes. Default: 0.", 0);
        Command command = new("ask", "Answers questions with the facts of a store.")
        {
            question, weights, store, swap, noStore, facts, bits, bytes, temperature, seed,
        };
        command.Validators.Add(result =>
        {
            bool isSwapped = result.GetValue(swap), hasNoStore = result.GetValue(noStore), hasFile = result.GetValue(store) is not null;
            if (isSwapped && hasFile)
                result.AddError("--swap cannot be combined with --store: only the invented persons have swapped facts.");
            if (hasNoStore && (isSwapped || hasFile))
                result.AddError($"--no-store cannot be combined with {(isSwapped ? "--swap" : "--store")}.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var model = ByteDecoder.Load(parsed.GetValue(weights)!.FullName);
            KnowledgeChatOptions options = ForModel(model, parsed.GetValue(weights)!) with
            {
                MostFacts = parsed.GetValue(facts) ?? start.MostFacts,
                MostAnswerBytes = parsed.GetValue(bytes) ?? start.MostAnswerBytes,
                Generation = new() { Temperature = parsed.GetValue(temperature), Seed = parsed.GetValue(seed) ?? 0 },
            };
            BiographyWorld? world = parsed.GetValue(noStore) || parsed.GetValue(store) is not null ? null : new(new());
            using KnowledgeStore? opened = parsed.GetValue(store) is { } path ? KnowledgeCommand.Open(path)
                : world is not null ? Persons(world, parsed.GetValue(swap)) : null;
            KnowledgeChat chat = new(model, opened, options);
            bool showsBits = parsed.GetValue(bits);
            try
            {
                if (parsed.GetValue(question) is { } asked) await Answer(chat, asked, showsBits, cancellationToken).ConfigureAwait(false);
                else await AnswerLines(chat, world, showsBits, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException stopped)
            {
                throw new InterruptedException("The answer ends here.", stopped);
            }

            return 0;
        });
        return command;
    }

    /// <summary>The options of the model, whose file must say how long its prompts are.</summary>
    private static KnowledgeChatOptions ForModel(ByteDecoder model, FileInfo weights)
    {
        try
        {
            return KnowledgeChatOptions.FromMetadata(model.Metadata);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{weights.FullName}: {error.Message} 'curriculum' trains such a model.", error);
        }
    }

    /// <summary>A store in memory, made in a second.</summary>
    public static KnowledgeStore Persons(BiographyWorld world, bool swapped)
    {
        var store = KnowledgeStore.InMemory();
        Add("persons of the training", world.Training.Take(TrainingPersons));
        Add("held-out persons", world.HeldOut);
        return store;

        void Add(string source, IEnumerable<Person> persons) => store.Add(source, string.Join('\n', world.Facts(persons, swapped)));
    }

    private static async Task AnswerLines(KnowledgeChat chat, BiographyWorld? world, bool showsBits, CancellationToken cancellationToken)
    {
        bool isTyped = !Console.IsInputRedirected;
        if (isTyped && world is not null)
        {
            string[] examples = [.. world.HeldOut.Take(2).Select(person => world.Question(person, Relation.Birthplace, choice: 0))];
            await Console.Error.WriteLineAsync($"Invented persons, such as: {string.Join(' ', examples)}").ConfigureAwait(false);
        }

        while (true)
        {
            if (isTyped) await Console.Error.WriteAsync("> ").ConfigureAwait(false);
            // A thread of its own: a read of the console cannot be cancelled, only left.
            string? line = await Task.Factory.StartNew(
                Console.In.ReadLine, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            if (line is null) return;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (line.Trim() == NewChat)
            {
                chat.Reset();
                continue;
            }

            try
            {
                await Answer(chat, line, showsBits, cancellationToken).ConfigureAwait(false);
            }
            catch (ArgumentException error)
            {
                await Console.Error.WriteLineAsync($"error: {error.Message}").ConfigureAwait(false); // too long; the chat goes on
            }
        }
    }

    /// <summary>Facts go to standard error, so that standard output has the answer alone.</summary>
    private static async Task Answer(KnowledgeChat chat, string question, bool showsBits, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<string> pieces = chat.AskAsync(question, cancellationToken);
        foreach (FoundFact fact in chat.LastAnswer!.Facts)
            await Console.Error.WriteLineAsync(KnowledgeCommand.Line(fact)).ConfigureAwait(false);
        try
        {
            await foreach (string piece in pieces.ConfigureAwait(false))
            {
                await Console.Out.WriteAsync(KnowledgeCommand.Visible(piece)).ConfigureAwait(false);
                await Console.Out.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await Console.Out.WriteLineAsync().ConfigureAwait(false);
        }

        if (!showsBits) return;
        IReadOnlyList<ByteBits> bits = chat.MeasureBits(chat.LastAnswer!, cancellationToken);
        await Console.Error.WriteLineAsync(Describe(bits)).ConfigureAwait(false);
    }

    private static string Describe(IReadOnlyList<ByteBits> bits)
    {
        string all = string.Create(
            CultureInfo.InvariantCulture,
            $"{bits.Sum(one => one.WithFacts):F1} bits with the facts, {bits.Sum(one => one.WithoutFacts):F1} without.");
        List<string> characters = [];
        for (int from = 0; from < bits.Count;)
        {
            int to = from + 1;
            while (to < bits.Count && (bits[to].Value & 0xC0) == 0x80) to++; // the further bytes of a character
            string character = Encoding.UTF8.GetString([.. bits.Take(from..to).Select(one => one.Value)]);
            double saved = bits.Take(from..to).Sum(one => one.Saved);
            characters.Add(string.Create(CultureInfo.InvariantCulture, $"{KnowledgeCommand.Visible(character)} {saved:+0.0;-0.0;0.0}"));
            from = to;
        }

        return characters.Count == 0 ? all : $"{all} Saved: {string.Join(", ", characters)}";
    }
}

using System.CommandLine;
using System.Text.Json;
using HslEmbeddingZero.Samples.SyntheticData;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>synthesize: writes synthetic biographies, chat and tasks, made from a seed.</summary>
internal static class SynthesizeCommand
{
    private const int FilesOfASplit = 5;

    public static Command Create(IAnsiConsole console)
    {
        BiographyOptions start = new();
        Option<DirectoryInfo> output = CheckedOptions.Folder("--out", "Folder for the files.", "runs/synthetic");
        Option<int?> seed = CheckedOptions.Whole("--seed", "The same seed gives the same files. Default: 0.", 0);
        Option<int?> persons = CheckedOptions.Whole(
            "--persons", $"Persons for training, half of them Korean. Default: {start.Persons}.", BiographyOptions.FewestPersons,
            BiographyOptions.MostPersons);
        Option<int?> heldOut = CheckedOptions.Whole(
            "--held-out-persons", $"Persons held out from training. Default: {start.HeldOutPersons}.", BiographyOptions.FewestPersons,
            BiographyOptions.MostHeldOutPersons);
        Command command = new("synthesize", "Writes synthetic biographies, chat and tasks in English and Korean, with their data card.")
        {
            output, seed, persons, heldOut,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            BiographyOptions options = new()
            {
                Seed = parsed.GetValue(seed) ?? start.Seed,
                Persons = parsed.GetValue(persons) ?? start.Persons,
                HeldOutPersons = parsed.GetValue(heldOut) ?? start.HeldOutPersons,
            };
            try
            {
                Run(console, options, parsed.GetValue(output)!, cancellationToken);
            }
            catch (OperationCanceledException stopped)
            {
                throw new InterruptedException("Each file that is there is complete. The same command writes all of them.", stopped);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(IAnsiConsole console, BiographyOptions options, DirectoryInfo folder, CancellationToken cancellationToken)
    {
        using var taken = OutputFolder.Take(folder);
        using (WorkProgress progress = new(console, "writing"))
        {
            BiographyWorld world = new(options);
            int done = 0;
            WriteSplit("training", world.Training);
            WriteSplit("held-out", world.HeldOut);
            Write("card.md", [DataCard.Markdown(world, cancellationToken).TrimEnd('\n')]);

            void WriteSplit(string split, IReadOnlyList<Person> all)
            {
                folder.CreateSubdirectory(split);
                Write($"{split}/facts.true.txt", world.Facts(all, swapped: false));
                Write($"{split}/facts.swapped.txt", world.Facts(all, swapped: true));
                Write($"{split}/questions.jsonl", Questions(world, all));
                Write($"{split}/chat.jsonl", Chats(world, all));
                Write($"{split}/tasks.jsonl", Tasks(all.Count, isHeldOut: all == world.HeldOut));
            }

            void Write(string name, IEnumerable<string> lines)
            {
                progress.Report(new(done++, (2 * FilesOfASplit) + 1, name));
                AtomicFile.Write(Path.Combine(folder.FullName, name), (FileStream stream) =>
                {
                    using StreamWriter writer = new(stream, leaveOpen: true) { NewLine = "\n" };
                    foreach (string line in lines)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        writer.WriteLine(line);
                    }
                });
            }
        }

        console.WriteLine($"Written to {folder.FullName}: training, held-out and card.md.");
    }

    private static IEnumerable<string> Questions(BiographyWorld world, IReadOnlyList<Person> persons) =>
        from person in persons
        from relation in Enum.GetValues<Relation>()
        select Line(new
        {
            person.Name,
            person.Language,
            Relation = relation,
            Question = world.Question(person, relation, 0),
            Answer = world.Value(person, relation),
            SwappedAnswer = world.SwappedValue(person, relation),
        });

    private static IEnumerable<string> Chats(BiographyWorld world, IReadOnlyList<Person> persons) =>
        from person in persons
        let dialogue = ChatDialogue.About(world, person, 0)
        let swapped = ChatDialogue.About(world, person, 0, swapped: true)
        select Line(new
        {
            person.Name,
            person.Language,
            dialogue.Asked,
            Turns = dialogue.Exchanges.Zip(
                swapped.Exchanges, (turn, other) => new { turn.Question, turn.Answer, SwappedAnswer = other.Answer }),
        });

    private static IEnumerable<string> Tasks(int count, bool isHeldOut) =>
        from choice in Enumerable.Range(0, count)
        let task = isHeldOut ? ProceduralTasks.HeldOut((ulong)choice) : ProceduralTasks.Training((ulong)choice)
        select Line(new { task.Kind, task.Language, task.Question, task.Answer });

    private static string Line<T>(T value) => JsonSerializer.Serialize(value, SampleJson.Line);
}

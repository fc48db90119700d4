using System.CommandLine;
using HslEmbeddingZero.Samples;

namespace HslEmbeddingZero.DemoLoad;

/// <summary>
/// Many clients request features and bytes from a demo on this machine, while its memory is measured. A quarter of the clients send or read
/// slowly. A third of the others disconnect in the middle of a generation.
/// </summary>
internal static class LoadProgram
{
    private const int Failed = 1;

    public static async Task<int> Main(string[] args)
    {
        Option<Uri?> url = new("--url")
        {
            Description = "A demo that already runs on this machine, with --diagnostics. Without --url, samples/Demo is started.",
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                bool isHttp = Uri.TryCreate(text, UriKind.Absolute, out Uri? given) && given.Scheme == Uri.UriSchemeHttp;
                if (isHttp && given!.IsLoopback) return given;
                result.AddError($"--url takes an http address on this machine (127.0.0.1, [::1] or localhost); got '{text}'.");
                return null;
            },
        };
        Option<int> clients = Whole("--clients", "Number of concurrent clients.", 200, 1, 1000);
        Option<int> seconds = Whole("--seconds", "Duration of the load in seconds.", 60, 1, 600);
        Option<string?> weights = new("--weights") { Description = "Model file for the demo that is started." };

        RootCommand root = new("Puts a bounded load on a demo on this machine and reports the effects.") { url, clients, seconds,
            weights };
        root.SetAction(async (given, cancellationToken) =>
        {
            using DemoProcess? started = given.GetValue(url) is null
                ? await DemoProcess.StartAsync(given.GetValue(weights), cancellationToken) : null;
            Load load = new(started?.Address ?? given.GetValue(url)!, given.GetValue(clients),
                TimeSpan.FromSeconds(given.GetValue(seconds)));
            LoadReport report = await load.RunAsync(cancellationToken);
            Console.WriteLine(report.ToMarkdown());
            return report.Faults().Any() ? Failed : 0;
        });

        ParseResult parsed = CommandErrors.Parse(root, args);
        IReadOnlyList<string> errors = CommandErrors.Lines(parsed, args);
        foreach (string error in errors) await Console.Error.WriteLineAsync(error);
        if (errors.Count > 0) return Failed;
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception error) when (error is HttpRequestException or InvalidOperationException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}");
            return Failed;
        }
    }

    private static Option<int> Whole(string name, string description, int standard, int low, int high)
    {
        return new(name)
        {
            Description = $"{description} {low} to {high}.",
            DefaultValueFactory = _ => standard,
            CustomParser = result => CheckedOptions.Whole(result.Tokens[^1].Value, low, high, name, result),
        };
    }
}

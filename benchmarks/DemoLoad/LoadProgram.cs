using System.CommandLine;

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
        root.SetAction(async (parsed, cancellationToken) =>
        {
            using DemoProcess? started = parsed.GetValue(url) is null
                ? await DemoProcess.StartAsync(parsed.GetValue(weights), cancellationToken) : null;
            Load load = new(started?.Address ?? parsed.GetValue(url)!, parsed.GetValue(clients),
                TimeSpan.FromSeconds(parsed.GetValue(seconds)));
            LoadReport report = await load.RunAsync(cancellationToken);
            Console.WriteLine(report.ToMarkdown());
            return report.Faults().Any() ? Failed : 0;
        });

        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception error) when (error is HttpRequestException or InvalidOperationException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}");
            return Failed;
        }
    }

    private static Option<int> Whole(string name, string description, int standard, int low, int high)
    {
        Option<int> option = new(name) { Description = $"{description} {low} to {high}.", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            int value = result.GetValueOrDefault<int>();
            if (value < low || value > high) result.AddError($"{name} takes whole numbers from {low} to {high}; got '{value}'.");
        });
        return option;
    }
}

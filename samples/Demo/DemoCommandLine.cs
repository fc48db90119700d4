using System.CommandLine;
using System.Net;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The options of the sample. Each wrong value is refused with a message that names it and the allowed values.</summary>
internal static class DemoCommandLine
{
    public static RootCommand Create(Func<DemoOptions, CancellationToken, Task<int>> run)
    {
        DemoOptions standard = new();
        Option<IPAddress> host = new("--host")
        {
            Description =
                "IP address to listen on. The default accepts this machine only; 0.0.0.0 and :: accept connections from everywhere.",
            DefaultValueFactory = _ => standard.Host,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (text == "localhost") return IPAddress.Loopback;
                if (IPAddress.TryParse(text, out IPAddress? address)) return address;
                result.AddError($"--host takes an IP address or localhost; got '{text}'.");
                return null;
            },
        };
        Option<int> port = new("--port")
        {
            Description = "Port to listen on; 0 chooses a free port.",
            DefaultValueFactory = _ => standard.Port,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (NumberText.TryWhole(text, 0, ushort.MaxValue, out long value)) return (int)value;
                result.AddError($"--port takes whole numbers from 0 to {ushort.MaxValue}; got '{text}'.");
                return 0;
            },
        };
        Option<FileInfo?> weights = new("--weights")
        {
            Description = "Model file to generate with. Default: the trained model that comes with the repository.",
        };
        weights.Validators.Add(result =>
        {
            if (result.Tokens is [.., var token] && !File.Exists(token.Value))
                result.AddError($"--weights: there is no file '{token.Value}'.");
        });
        Option<bool> diagnostics = new("--diagnostics")
        {
            Description = "Report memory, threads and generations at /api/diagnostics, for load tests.",
        };
        Option<DirectoryInfo?> site = new("--static")
        {
            Description = "Write the page to this folder, for any static host, and serve nothing. Then .NET runs in the browser.",
        };
        site.Validators.Add(result =>
        {
            foreach (Option other in new Option[] { host, port, diagnostics })
            {
                if (result.GetResult(other) is { Implicit: false })
                    result.AddError($"--static writes files and serves nothing, so it does not go with {other.Name}.");
            }
        });

        RootCommand root = new("Serves a page that shows the 27 features of bytes, the slots they become, and a model that continues them.")
        {
            host, port, weights, diagnostics, site,
        };
        root.SetAction((parsed, cancellationToken) => run(
            new DemoOptions
            {
                Host = parsed.GetValue(host)!,
                Port = parsed.GetValue(port),
                Weights = parsed.GetValue(weights),
                Site = parsed.GetValue(site),
                Diagnostics = parsed.GetValue(diagnostics),
            },
            cancellationToken));
        return root;
    }
}

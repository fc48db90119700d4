using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// Writes the page as a folder of files for any static host. What the server computes, .NET computes in the browser. What does not depend
/// on the input is written as files.
/// </summary>
internal static class StaticSite
{
    private const string Model = "model.safetensors", ServiceWorker = "sw.js", FirstPage = "index.html";

    /// <summary>The first words of the service worker, by which a site of this program is known.</summary>
    private const string Mark = "const version = ";

    /// <summary>Checks that the folder may be written: it does not exist, is empty, or holds an earlier site and nothing else.</summary>
    /// <exception cref="IOException">It may not. The message names the folder and the reason.</exception>
    public static void RequireFree(DirectoryInfo folder)
    {
        try
        {
            if (File.Exists(folder.FullName)) throw new IOException($"--static {folder.FullName} is a file; it must be a folder.");
            if (!Directory.Exists(folder.FullName)) return;
            HashSet<string> known = EarlierFiles(folder);
            string? foreign = RelativeFiles(folder.FullName).Order(StringComparer.Ordinal).FirstOrDefault(path => !known.Contains(path));
            if (foreign is null) return;
            throw new IOException(
                $"--static {folder.FullName} is not empty: '{foreign}' is not of an earlier site. Choose another folder.");
        }
        catch (UnauthorizedAccessException error)
        {
            throw CannotBeWritten(folder, error);
        }
    }

    /// <summary>Writes the site beside the folder, then puts it in its place. An earlier site stays until then.</summary>
    /// <param name="folder">The folder, as <see cref="RequireFree"/> takes it.</param>
    /// <param name="model">Path of the model file and what the page says of it; null for a page that cannot generate.</param>
    /// <param name="cancellationToken">Ends the work between two files.</param>
    /// <returns>Number of files and their bytes.</returns>
    /// <exception cref="IOException">
    /// The folder cannot be written, the model is in several files, or the program was built without the browser's files.
    /// </exception>
    public static (int Files, long Bytes) Write(
        DirectoryInfo folder, (string Path, ModelDescription Description)? model, CancellationToken cancellationToken)
    {
        if (model?.Path.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase) == true)
            throw new IOException($"--static needs a model in one file; {model.Value.Path} is the index of one in several.");
        string browser = Path.Combine(AppContext.BaseDirectory, "browser");
        if (!File.Exists(Path.Combine(browser, ServiceWorker))) // a build without them leaves empty folders
            throw new IOException($"--static needs the folder {browser}. Build the program without -p:WithBrowser=false.");
        string place = Path.TrimEndingDirectorySeparator(
            (Directory.Exists(folder.FullName) ? folder.ResolveLinkTarget(returnFinalTarget: true) : null)?.FullName ?? folder.FullName);
        string site = $"{place}.new-{Environment.ProcessId}", old = $"{place}.old-{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(site);
            Copy(Path.Combine(AppContext.BaseDirectory, "wwwroot"), site, cancellationToken);
            Copy(browser, site, cancellationToken); // with an api.js that asks the worker and no server
            AddPolicy(Path.Combine(site, FirstPage));
            Directory.CreateDirectory(Path.Combine(site, "api"));
            var about = AboutPage.Of(new InputLimits(), model?.Description, knowledge: null);
            File.WriteAllBytes(Path.Combine(site, "api", "about.json"), JsonSerializer.SerializeToUtf8Bytes(about, DemoJson.Options));
            File.WriteAllBytes(Path.Combine(site, "api", "cosmos.json"), Cosmos.Compute().ToJson());
            if (model is { Path: var path }) File.Copy(path, Path.Combine(site, Model));
            ListFiles(site);
            cancellationToken.ThrowIfCancellationRequested();

            if (Directory.Exists(place)) Directory.Move(place, old);
            try
            {
                Directory.Move(site, place);
            }
            catch when (Directory.Exists(old))
            {
                Directory.Move(old, place);
                throw;
            }

            FileInfo[] files = new DirectoryInfo(place).GetFiles("*", SearchOption.AllDirectories);
            return (files.Length, files.Sum(file => file.Length));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotBeWritten(folder, error);
        }
        finally
        {
            foreach (string unneeded in new[] { site, old })
                if (Directory.Exists(unneeded)) Directory.Delete(unneeded, recursive: true);
        }
    }

    private static void Copy(string from, string to, CancellationToken cancellationToken)
    {
        foreach (string path in RelativeFiles(from))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string copy = Path.Combine(to, path);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(from, path), copy, overwrite: true);
        }
    }

    /// <summary>The policy that the server sends as a header stands in the page, first of all, so that it covers the rest.</summary>
    private static void AddPolicy(string page)
    {
        string html = File.ReadAllText(page);
        const string head = "<head>\n";
        int at = html.IndexOf(head, StringComparison.Ordinal) + head.Length;
        File.WriteAllText(
            page, html.Insert(at, $"  <meta http-equiv=\"Content-Security-Policy\" content=\"{SecurityHeaders.StaticPolicy}\">\n"));
    }

    /// <summary>Tells the service worker all files with the hashes of their content, and the version: a hash of that list.</summary>
    private static void ListFiles(string site)
    {
        string worker = Path.Combine(site, ServiceWorker);
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (string path in RelativeFiles(site).Where(path => path != ServiceWorker))
        {
            string address = path == FirstPage ? "./" : $"./{path.Replace(Path.DirectorySeparatorChar, '/')}";
            files[address] = $"sha256-{Convert.ToBase64String(SHA256.HashData(File.ReadAllBytes(Path.Combine(site, path))))}";
        }

        string script = File.ReadAllText(worker);
        string list = JsonSerializer.Serialize(files, Plain);
        string version = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(list + script)))[..16];
        File.WriteAllText(worker, $"{Mark}'{version}';\nconst files = {list};\n\n{script}");
    }

    private static JsonSerializerOptions Plain { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The files of an earlier site, as its service worker lists them; none where there is no such site.</summary>
    private static HashSet<string> EarlierFiles(DirectoryInfo folder)
    {
        const string before = "const files = ";
        string worker = Path.Combine(folder.FullName, ServiceWorker);
        if (!File.Exists(worker) || File.ReadLines(worker).Take(2).ToArray() is not [var first, var second]
            || !first.StartsWith(Mark, StringComparison.Ordinal) || !second.StartsWith(before, StringComparison.Ordinal)) return [];
        try
        {
            using var files = JsonDocument.Parse(second[before.Length..].TrimEnd(';'));
            return
            [
                ServiceWorker, FirstPage,
                .. files.RootElement.EnumerateObject().Select(file => file.Name[2..].Replace('/', Path.DirectorySeparatorChar)),
            ];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static IEnumerable<string> RelativeFiles(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path));

    private static IOException CannotBeWritten(DirectoryInfo folder, Exception error) =>
        new($"--static {folder.FullName} cannot be written: {error.Message}", error);
}

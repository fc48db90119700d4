using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Samples.Demo;
using HslEmbeddingZero.Samples.Tests;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>The files of the static site, and the folders that are refused.</summary>
public sealed partial class StaticSiteTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_program_writes_a_site_with_its_model_and_replaces_an_earlier_one()
    {
        string weights = _folder.PathOf("small.safetensors"), site = _folder.PathOf("new/site");
        RunningDemo.SaveSmallModel(weights);
        foreach (string visit in new[] { "first", "second" })
        {
            (int code, string output, string error) = SampleProcess.Run("Demo.dll", "--static", site, "--weights", weights);
            Assert.Equal((0, ""), (code, error));
            Assert.StartsWith($"{site}: ", output, StringComparison.Ordinal);
            Assert.Equal(File.ReadAllBytes(weights), File.ReadAllBytes(Path.Combine(site, "model.safetensors")));
            Assert.Equal([site], Directory.GetFileSystemEntries(_folder.PathOf("new")));
            if (visit == "first") File.Delete(Path.Combine(site, "app.css")); // an incomplete site is one, too
        }

        using var about = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(site, "api/about.json")));
        Assert.Equal("small.safetensors", about.RootElement.GetProperty("model").GetProperty("name").GetString());
        Assert.True(File.Exists(Path.Combine(site, "app.css")));
    }

    [Fact]
    public void Without_a_model_the_page_says_so_and_has_none()
    {
        DirectoryInfo site = new(_folder.PathOf("site"));
        StaticSite.Write(site, null, CancellationToken.None);
        using var about = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(site.FullName, "api/about.json")));
        Assert.False(about.RootElement.TryGetProperty("model", out _));
        Assert.False(File.Exists(Path.Combine(site.FullName, "model.safetensors")));
    }

    [Fact]
    public void The_service_worker_lists_every_file_with_its_hash()
    {
        string site = _folder.PathOf("site");
        StaticSite.Write(new DirectoryInfo(site), null, CancellationToken.None);
        string list = FileList().Match(File.ReadAllText(Path.Combine(site, "sw.js"))).Groups[1].Value;
        Dictionary<string, string> listed = JsonSerializer.Deserialize<Dictionary<string, string>>(list)!;
        var expected = Directory.GetFiles(site, "*", SearchOption.AllDirectories)
            .Select(path => (Path: path, Name: Path.GetRelativePath(site, path).Replace('\\', '/'))).Where(file => file.Name != "sw.js")
            .ToDictionary(
                file => file.Name == "index.html" ? "./" : $"./{file.Name}",
                file => $"sha256-{Convert.ToBase64String(SHA256.HashData(File.ReadAllBytes(file.Path)))}");
        Assert.Contains("./runtime/dotnet.native.wasm", expected.Keys);
        Assert.DoesNotContain(expected.Keys, file => file.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(expected.OrderBy(file => file.Key, StringComparer.Ordinal), listed);
    }

    [Fact]
    public void The_policy_of_the_page_is_that_of_the_server_and_what_WebAssembly_needs()
    {
        string site = _folder.PathOf("site");
        StaticSite.Write(new DirectoryInfo(site), null, CancellationToken.None);
        string page = File.ReadAllText(Path.Combine(site, "index.html"));
        string policy = Policy().Match(page).Groups[1].Value;
        Assert.Equal(
            [
                "base-uri 'none'", "connect-src 'self'", "default-src 'none'", "form-action 'none'", "img-src 'self'",
                "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "worker-src 'self'",
            ],
            policy.Split("; ").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_with_other_files_is_refused_and_stays_as_it_is()
    {
        DirectoryInfo site = new(_folder.PathOf("site"));
        StaticSite.Write(site, null, CancellationToken.None);
        StaticSite.RequireFree(site);
        File.WriteAllText(Path.Combine(site.FullName, "CNAME"), "demo.example");
        IOException error = Assert.Throws<IOException>(() => StaticSite.RequireFree(site));
        Assert.Equal(
            $"--static {site.FullName} is not empty: 'CNAME' is not of an earlier site. Choose another folder.", error.Message);

        string other = _folder.PathOf("other");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "sw.js"), "const version = 1;\nconst files = nonsense;\n");
        (int code, _, string told) = SampleProcess.Run("Demo.dll", "--static", other);
        Assert.Equal(1, code);
        Assert.Equal($"error: --static {other} is not empty: 'sw.js' is not of an earlier site. Choose another folder.", told.Trim());
        Assert.Single(Directory.GetFileSystemEntries(other));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_told()
    {
        string file = _folder.PathOf("file");
        File.WriteAllText(file, "");
        Assert.Equal(
            $"--static {file} is a file; it must be a folder.",
            Assert.Throws<IOException>(() => StaticSite.RequireFree(new DirectoryInfo(file))).Message);
        DirectoryInfo below = new(Path.Combine(file, "site"));
        IOException error = Assert.Throws<IOException>(() => StaticSite.Write(below, null, CancellationToken.None));
        Assert.StartsWith($"--static {below.FullName} cannot be written: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_in_several_files_is_refused()
    {
        DirectoryInfo site = new(_folder.PathOf("site"));
        ModelDescription description = new("several", null, 1, "zero", 0, null, null, 8, 64, 1);
        IOException error = Assert.Throws<IOException>(
            () => StaticSite.Write(site, ("model.safetensors.index.json", description), CancellationToken.None));
        Assert.Equal("--static needs a model in one file; model.safetensors.index.json is the index of one in several.", error.Message);
        Assert.False(site.Exists);
    }

    [Fact]
    public void An_interrupted_writing_leaves_nothing()
    {
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        DirectoryInfo site = new(_folder.PathOf("new/site"));
        Assert.Throws<OperationCanceledException>(() => StaticSite.Write(site, null, stopped.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.PathOf("new")));
    }

    [GeneratedRegex("(?m)^const files = (.*);$")]
    private static partial Regex FileList();

    [GeneratedRegex("<head>\\n  <meta http-equiv=\"Content-Security-Policy\" content=\"(.*)\">")]
    private static partial Regex Policy();
}

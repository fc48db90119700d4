using System.Text;

namespace HslEmbeddingZero.Package.Tests.Packages;

/// <summary>
/// The sample that NativeAOT compiles. Warnings are errors, so the publication also shows that nothing in the decoder needs what trimming
/// removes.
/// </summary>
public sealed class NativeAotTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private static readonly string Weights = Build.PathOf("samples/HoLoZeRo/weights/holo-zero-small.safetensors");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hsl-aot-");

    public void Dispose() => _folder.Delete(recursive: true);

    [SkippableFact]
    public void A_native_executable_of_a_few_megabytes_generates_the_bytes_of_the_decoder()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The test publishes for Linux.");
        Skip.IfNot(IsOnPath("clang") || IsOnPath("gcc"), "NativeAOT links with clang or gcc, and there is neither.");
        string published = Path.Combine(_folder.FullName, "published");
        string rid = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier.StartsWith("linux-musl", StringComparison.Ordinal)
            ? "linux-musl-" : "linux-";
        rid += System.Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();
        (int code, string output, string error) = Command.Run(
            Build.RepositoryFolder, Patience, "publish", "samples/NativeGenerate", "-c", "Release", "-r", rid, "-o", published,
            "--artifacts-path", Path.Combine(_folder.FullName, "artifacts"), "--disable-build-servers");
        bool isOffline = code != 0 && (output + error).Contains("NU1301", StringComparison.Ordinal);
        Skip.If(isOffline, $"A source of packages cannot be reached.\n{output}");
        Assert.True(code == 0, output + error);

        string program = Path.Combine(published, "NativeGenerate");
        Assert.InRange(new FileInfo(program).Length, 1, 6 << 20);
        Assert.Empty(Directory.GetFiles(published, "*.so*"));
        Assert.Empty(Directory.GetFiles(published, "*.dll"));

        const string prompt = "The history of the city";
        using IByteGenerator generator = ByteDecoder.Load(Weights).CreateTextGenerator(Encoding.UTF8.GetBytes(prompt));
        string expected = Encoding.UTF8.GetString([.. generator.Generate(120, new GenerationOptions { Temperature = 0 })]);
        (code, output, error) = Command.RunProgram(program, published, Patience, Weights, prompt, "120");
        Assert.True(code == 0, error);
        Assert.Equal(expected.ReplaceLineEndings("\n"), output);
        Assert.Contains("first byte after", error, StringComparison.Ordinal);

        (code, output, error) = Command.RunProgram(program, published, Patience, "none.safetensors", prompt);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("error: Could not find file", error, StringComparison.Ordinal);
        Assert.Equal(2, Command.RunProgram(program, published, Patience, Weights).Code);
    }

    private static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}

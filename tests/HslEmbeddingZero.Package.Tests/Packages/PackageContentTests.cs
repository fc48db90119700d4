using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Package.Tests.Packages;

[Collection(PackedTogether.Name)]
public sealed class PackageContentTests(PackedLibraries packed)
{
    private static readonly Guid EmbeddedSource = new("0e8a571b-6926-466e-b4ad-8ab04611f5fe"); // of the portable PDB format

    public static TheoryData<string> Ids => [.. PackedLibraries.Ids];

    [Fact]
    public void The_core_holds_the_library_its_documentation_and_its_build_step_and_nothing_else()
    {
        using PackageFile package = packed.Open("HslEmbeddingZero");
        Assert.Equal(
            [
                "HslEmbeddingZero.nuspec", "LICENSE", "README.md", "buildTransitive/HslEmbeddingZero.targets",
                "buildTransitive/WeakenVersionRequirement.cs.txt", "docs/deploy.md", "docs/guide.md", "icon.png",
                "lib/net10.0/HslEmbeddingZero.dll", "lib/net10.0/HslEmbeddingZero.xml",
            ],
            package.Files);
    }

    /// <summary>The build step is in the core alone, as only TorchSharp needs it.</summary>
    [Theory]
    [InlineData("HslEmbeddingZero.Signal")]
    [InlineData("HslEmbeddingZero.Inference")]
    [InlineData("HslEmbeddingZero.Onnx")]
    [InlineData("HslEmbeddingZero.Knowledge")]
    [InlineData("HslEmbeddingZero.Training")]
    public void Every_other_package_holds_the_library_and_its_documentation_and_nothing_else(string id)
    {
        using PackageFile package = packed.Open(id);
        Assert.Equal(
            [$"{id}.nuspec", "LICENSE", "README.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], package.Files);
    }

    [Theory]
    [InlineData("HslEmbeddingZero.Signal", typeof(ByteTransformerOptions))]
    [InlineData("HslEmbeddingZero.Inference", typeof(GenerationOptions))]
    [InlineData("HslEmbeddingZero.Onnx", typeof(OnnxExportOptions))]
    [InlineData("HslEmbeddingZero.Training", typeof(TrainerOptions), typeof(TrainingRunOptions), typeof(AdamWOptions))]
    public void Every_option_says_its_default(string id, params Type[] options)
    {
        using PackageFile package = packed.Open(id);
        var documentation = XDocument.Parse(Encoding.UTF8.GetString(package.Bytes($"lib/net10.0/{id}.xml")).TrimStart('\uFEFF'));
        foreach (PropertyInfo option in options.SelectMany(type => type.GetProperties()).Where(property => property.CanWrite))
        {
            string name = $"P:{option.DeclaringType!.FullName}.{option.Name}";
            XElement member = documentation.Descendants("member").Single(element => element.Attribute("name")!.Value == name);
            Assert.True(member.Element("value") is { Value.Length: > 0 }, name);
        }
    }

    [Fact]
    public void The_features_depend_on_nothing()
    {
        using PackageFile package = packed.Open("HslEmbeddingZero.Signal");
        Assert.Empty(package.Dependencies);
    }

    /// <summary>The packages share internals, so their versions must be equal.</summary>
    [Fact]
    public void Generation_depends_on_the_same_version_of_the_features_alone()
    {
        using PackageFile package = packed.Open("HslEmbeddingZero.Inference");
        Assert.Equal([$"net10.0 HslEmbeddingZero.Signal [{packed.Version}]"], package.Dependencies);
    }

    [Fact]
    public void The_export_depends_on_the_same_version_of_the_features_and_on_the_classes_of_ONNX_files()
    {
        using PackageFile package = packed.Open("HslEmbeddingZero.Onnx");
        Assert.Equal(
            [$"net10.0 HslEmbeddingZero.Signal [{packed.Version}]", "net10.0 Google.Protobuf 3.36.2", "net10.0 OnnxSharp 0.3.2"],
            package.Dependencies);
    }

    [Fact]
    public void The_store_depends_on_the_same_version_of_generation_and_on_SQLite()
    {
        using PackageFile package = packed.Open("HslEmbeddingZero.Knowledge");
        Assert.Equal(
            [$"net10.0 HslEmbeddingZero.Inference [{packed.Version}]", "net10.0 Microsoft.Data.Sqlite 10.0.15"], package.Dependencies);
    }

    /// <summary>Of others, managed TorchSharp only: the backend is the application's choice.</summary>
    [Fact]
    public void The_core_depends_on_the_packages_without_torch_and_on_TorchSharp()
    {
        using PackageFile package = packed.Open("HslEmbeddingZero");
        Assert.Equal(
            [
                $"net10.0 HslEmbeddingZero.Inference [{packed.Version}]", $"net10.0 HslEmbeddingZero.Signal [{packed.Version}]",
                $"net10.0 TorchSharp {Build.TorchSharpVersion}",
            ],
            package.Dependencies);
    }

    [Fact]
    public void Training_depends_on_the_same_version_of_the_core()
    {
        using PackageFile package = packed.Open("HslEmbeddingZero.Training");
        Assert.Equal(
            [
                $"net10.0 HslEmbeddingZero [{packed.Version}]", "net10.0 Microsoft.Extensions.FileSystemGlobbing 10.0.5",
                "net10.0 Microsoft.Extensions.Logging.Abstractions 10.0.1", "net10.0 System.IO.Hashing 10.0.5",
            ],
            package.Dependencies);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_shows_its_face(string id)
    {
        using PackageFile package = packed.Open(id);
        Assert.Equal(id, package.Field("id").Value);
        Assert.Equal(packed.Version, package.Field("version").Value);
        Assert.Equal("The HslEmbeddingZero authors", package.Field("authors").Value);
        Assert.Equal(("expression", "MIT"), (package.Field("license").Attribute("type")!.Value, package.Field("license").Value));
        Assert.Equal("icon.png", package.Field("icon").Value);
        Assert.Equal(File.ReadAllBytes(Build.PathOf("src/icon.png")), package.Bytes("icon.png"));
        Assert.Equal("README.md", package.Field("readme").Value);
        Assert.Equal(Build.ReadText($"src/{id}/README.md"), package.Text("README.md"));
        Assert.NotEmpty(package.Field("description").Value);
        Assert.Contains("byte-level", package.Field("tags").Value.Split(' '));
        bool hasTorch = id is "HslEmbeddingZero" or "HslEmbeddingZero.Training";
        Assert.Equal(hasTorch, package.Field("tags").Value.Split(' ').Contains("torchsharp"));
        Assert.StartsWith("0.1.0", package.Field("releaseNotes").Value, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Ids))]
    public void A_package_names_the_commit_it_was_made_of_and_no_folder_of_this_machine(string id)
    {
        Skip.If(packed.Commit is null, "The sources are no git repository.");
        using PackageFile package = packed.Open(id);
        XElement repository = package.Field("repository");
        Assert.Equal(("git", packed.Commit), (repository.Attribute("type")!.Value, repository.Attribute("commit")!.Value));
        Assert.True(repository.Attribute("url")?.Value is not { } url || url.StartsWith("https://", StringComparison.Ordinal),
            repository.ToString());
        string binary = Encoding.Latin1.GetString(package.Bytes($"lib/net10.0/{id}.dll"));
        Assert.DoesNotContain(Path.TrimEndingDirectorySeparator(Build.RepositoryFolder), binary, StringComparison.Ordinal);
    }

    /// <summary>Deterministic builds name sources from the root of the repository, /_/. The symbols embed the sources.</summary>
    [SkippableTheory]
    [MemberData(nameof(Ids))]
    public void The_symbols_fit_the_library_and_hold_its_sources(string id)
    {
        Skip.If(packed.Commit is null, "The sources are no git repository, so that no build of them is deterministic.");
        using PackageFile package = packed.Open(id), symbols = packed.OpenSymbols(id);
        using PEReader library = new(new MemoryStream(package.Bytes($"lib/net10.0/{id}.dll")));
        ImmutableArray<DebugDirectoryEntry> debugging = library.ReadDebugDirectory();
        Assert.Contains(debugging, entry => entry.Type == DebugDirectoryEntryType.Reproducible);
        CodeViewDebugDirectoryData wanted =
            library.ReadCodeViewDebugDirectoryData(debugging.Single(entry => entry.Type == DebugDirectoryEntryType.CodeView));

        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols.Bytes($"lib/net10.0/{id}.pdb")));
        MetadataReader reader = provider.GetMetadataReader();
        Assert.Equal(wanted.Guid, new BlobContentId(reader.DebugMetadataHeader!.Id).Guid);
        Assert.Contains(reader.Documents,
            handle => NameOf(handle) == $"/_/src/{id}/{SourceOf(id)}.cs");
        foreach (DocumentHandle handle in reader.Documents)
        {
            // Files that the build generates are in the folder of the tests, outside the repository.
            if (!NameOf(handle).StartsWith(packed.PathOf("artifacts"), StringComparison.Ordinal))
                Assert.StartsWith("/_/", NameOf(handle), StringComparison.Ordinal);
            Assert.Contains(
                reader.GetCustomDebugInformation(handle).Select(reader.GetCustomDebugInformation), info =>
                    reader.GetGuid(info.Kind) == EmbeddedSource);
        }

        static string SourceOf(string id) => id switch
        {
            "HslEmbeddingZero.Signal" => "Signal/HslFeatures",
            "HslEmbeddingZero.Inference" => "Generation/TextGeneration",
            "HslEmbeddingZero.Onnx" => "OnnxExport",
            "HslEmbeddingZero.Knowledge" => "Store/KnowledgeStore",
            "HslEmbeddingZero" => "Doors/ZeroDoor",
            _ => "Runs/Trainer",
        };

        string NameOf(DocumentHandle handle) => reader.GetString(reader.GetDocument(handle).Name);
    }

    [Theory]
    [InlineData("HslEmbeddingZero.Signal", "T:HslEmbeddingZero.HslFeatures", "F:HslEmbeddingZero.ByteIds.Mask")]
    [InlineData("HslEmbeddingZero.Inference", "T:HslEmbeddingZero.IByteModel", "P:HslEmbeddingZero.IByteGenerator.Logits")]
    [InlineData("HslEmbeddingZero.Onnx", "T:HslEmbeddingZero.OnnxExport", "P:HslEmbeddingZero.OnnxExportOptions.Attention")]
    [InlineData(
        "HslEmbeddingZero.Knowledge", "T:HslEmbeddingZero.Knowledge.KnowledgeStore", "P:HslEmbeddingZero.Knowledge.FoundFact.Score")]
    [InlineData("HslEmbeddingZero", "T:HslEmbeddingZero.ZeroDoor", "M:HslEmbeddingZero.InputDoor.Stream(TorchSharp.torch.Tensor)")]
    [InlineData("HslEmbeddingZero.Training", "T:HslEmbeddingZero.Training.Trainer", "P:HslEmbeddingZero.Training.TrainerOptions.Steps")]
    public void The_documentation_comes_along(string id, params string[] members)
    {
        using PackageFile package = packed.Open(id);
        string documentation = package.Text($"lib/net10.0/{id}.xml");
        foreach (string member in members) Assert.Contains($"<member name=\"{member}\">", documentation, StringComparison.Ordinal);
    }
}

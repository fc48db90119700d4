using System.Reflection;
using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>Features and generation run without torch: 500 MB of libtorch would be needed for a model of 8 MB.</summary>
public sealed class TorchFreeTests
{
    [Fact]
    public void The_features_reference_only_the_framework() => Assert.Empty(Foreign(typeof(HslFeatures).Assembly));

    [Fact]
    public void Generation_references_only_the_framework_and_the_features() =>
        Assert.Equal(["HslEmbeddingZero.Signal"], Foreign(typeof(IByteModel).Assembly));

    [Fact]
    public void The_export_references_only_the_features_and_the_classes_of_ONNX_files() =>
        Assert.Equal(["Google.Protobuf", "HslEmbeddingZero.Signal", "OnnxSharp"], Foreign(typeof(OnnxExport).Assembly));

    [Fact]
    public void The_store_references_only_generation_the_features_and_SQLite() =>
        Assert.Empty(Foreign(typeof(KnowledgeStore).Assembly).Except(
            ["HslEmbeddingZero.Inference", "HslEmbeddingZero.Signal", "Microsoft.Data.Sqlite", "SQLitePCLRaw.core"]));

    [Fact]
    public void The_core_and_the_training_reference_TorchSharp()
    {
        Assert.Equal(["HslEmbeddingZero.Inference", "HslEmbeddingZero.Signal", "TorchSharp"], Foreign(typeof(ZeroDoor).Assembly));
        Assert.Contains("TorchSharp", Foreign(typeof(Trainer).Assembly));
    }

    /// <summary>A program that was built when these types were in the core still finds them there.</summary>
    [Theory]
    [InlineData(typeof(HslFeatures))]
    [InlineData(typeof(SafetensorsException))]
    [InlineData(typeof(GenerationOptions))]
    public void A_type_that_moved_is_found_in_the_core(Type type) =>
        Assert.Equal(type, typeof(ZeroDoor).Assembly.GetType(type.FullName!, throwOnError: true));

    /// <summary>The assemblies that an assembly references, without those of the framework.</summary>
    private static IEnumerable<string> Foreign(Assembly assembly)
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return assembly.GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(name => !File.Exists(Path.Combine(framework, $"{name}.dll"))).Order(StringComparer.Ordinal);
    }
}

using System.IO.Compression;
using System.Xml.Linq;

namespace HslEmbeddingZero.Package.Tests.Packages;

/// <summary>The contents of a package, as NuGet reads them.</summary>
public sealed class PackageFile(string path) : IDisposable
{
    private readonly ZipArchive _archive = ZipFile.OpenRead(path);

    /// <summary>The files, without those of the container format.</summary>
    public IReadOnlyList<string> Files => [.. _archive.Entries
        .Select(entry => entry.FullName)
        .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal)
            && name != "[Content_Types].xml")
        .Order(StringComparer.Ordinal)];

    /// <summary>The metadata of the package.</summary>
    public XElement Metadata
    {
        get
        {
            XElement root = XDocument.Parse(Text(Files.Single(name => name.EndsWith(".nuspec", StringComparison.Ordinal)))).Root!;
            return root.Element(root.Name.Namespace + "metadata")!;
        }
    }

    /// <summary>The element with a name in <see cref="Metadata"/>. The XML namespace varies with the content.</summary>
    public XElement Field(string name) => Metadata.Elements().Single(element => element.Name.LocalName == name);

    /// <summary>Every dependency, as "framework id version".</summary>
    public IReadOnlyList<string> Dependencies => [.. Field("dependencies").Elements().SelectMany(group => group.Elements()
        .Select(
            dependency =>
                $"{group.Attribute("targetFramework")!.Value} {dependency.Attribute("id")!.Value} "
                    + $"{dependency.Attribute("version")!.Value}"))];

    public byte[] Bytes(string name)
    {
        using Stream entry = _archive.GetEntry(name)!.Open();
        using MemoryStream bytes = new();
        entry.CopyTo(bytes);
        return bytes.ToArray();
    }

    public string Text(string name)
    {
        using StreamReader reader = new(_archive.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    public void Dispose() => _archive.Dispose();
}

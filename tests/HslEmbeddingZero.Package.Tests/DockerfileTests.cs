using System.Xml.Linq;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>The image of the demo, without a container engine: what it copies is there, and its ignore file lets it through.</summary>
public sealed class DockerfileTests
{
    private const string Dockerfile = "samples/Demo/Dockerfile";

    [Fact]
    public void Every_path_that_the_image_copies_exists_and_is_not_ignored()
    {
        string[] copied =
        [
            .. from line in Build.ReadText(Dockerfile).Split('\n')
               where line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal)
               from path in line.Split(' ')[1..^1]
               select path,
        ];
        Assert.True(copied.Length >= 9, $"Only {copied.Length} paths were found.");
        string[] ignored = Build.ReadText(Dockerfile + ".dockerignore").Split('\n');
        Assert.Equal("*", ignored[0]);
        Assert.All(copied, path =>
        {
            Assert.True(Path.Exists(Build.PathOf(path)), $"There is no {path}.");
            Assert.Contains($"!{path}", ignored);
        });
    }

    /// <summary>Every project that the demo is built from, so that a new reference is not forgotten.</summary>
    [Fact]
    public void Every_project_that_the_demo_refers_to_is_copied()
    {
        string dockerfile = Build.ReadText(Dockerfile);
        Queue<string> projects = new(["samples/Demo/Demo.csproj"]);
        HashSet<string> seen = [];
        while (projects.TryDequeue(out string? project))
        {
            if (!seen.Add(project)) continue;
            string folder = Path.GetDirectoryName(project)!;
            string copied = project.StartsWith("src/", StringComparison.Ordinal) ? "src" : folder.Replace('\\', '/');
            Assert.Contains($"COPY {copied}/ {copied}/\n", dockerfile, StringComparison.Ordinal);
            foreach (XElement reference in XDocument.Load(Build.PathOf(project))
                .Descendants("ProjectReference").Where(reference => reference.Parent!.Attribute("Condition") is null))
            {
                string path = Path.GetFullPath(Path.Combine(Build.PathOf(folder), reference.Attribute("Include")!.Value));
                projects.Enqueue(Path.GetRelativePath(Build.RepositoryFolder, path).Replace('\\', '/'));
            }
        }

        Assert.True(seen.Count >= 5, $"Only {seen.Count} projects were found.");
    }
}

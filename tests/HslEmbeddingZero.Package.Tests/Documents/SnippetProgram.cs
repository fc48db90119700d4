using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;

namespace HslEmbeddingZero.Package.Tests.Documents;

/// <summary>
/// The C# blocks of a document as one program, in the order in which a reader types them, with usings first and types last. Errors name the
/// lines of the document.
/// </summary>
internal static class SnippetProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // The usings that the SDK adds to a console program with ImplicitUsings.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;

        """;

    // The usings that the SDK adds to a program of ASP.NET.
    private const string WebUsings = """
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.Extensions.DependencyInjection;

        """;

    /// <summary>Compiles a block without warnings, as a program of ASP.NET or as a part of one. It does not run.</summary>
    public static void Compile(string name, FencedBlock block)
    {
        string platform = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string web = Path.Combine(platform, "..", "..", "Microsoft.AspNetCore.App", Path.GetFileName(platform));
        Compile(name, Join(name, [block]), Stream.Null, WebUsings, Directory.GetFiles(web, "Microsoft.*.dll"));
    }

    /// <summary>
    /// Compiles the blocks without warnings, runs them in a folder that holds only the small models of the samples, and returns what they
    /// print.
    /// </summary>
    public static string Run(string name, IEnumerable<FencedBlock> blocks)
    {
        // In the folder of the tests, where the libraries and libtorch are.
        string assembly = Path.Combine(AppContext.BaseDirectory, $"{name}.snippets.dll");
        using (FileStream file = File.Create(assembly)) Compile(name, Join(name, blocks), file, "", []);
        string tests = Path.Combine(AppContext.BaseDirectory, typeof(SnippetProgram).Assembly.GetName().Name!);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hsl-snippets-");
        try
        {
            foreach (string weights in Directory.GetFiles(Build.PathOf("samples/HoLoZeRo/weights"), "*.safetensors"))
                File.Copy(weights, Path.Combine(folder.FullName, Path.GetFileName(weights)));
            (int code, string output, string error) = Command.Run(
                folder.FullName, Patience, "exec", "--depsfile", $"{tests}.deps.json", "--runtimeconfig", $"{tests}.runtimeconfig.json",
                assembly);
            Assert.True(code == 0, $"{name} ended with {code}.\n{output}\n{error}");
            return output;
        }
        finally
        {
            folder.Delete(recursive: true);
            File.Delete(assembly);
        }
    }

    private static string Join(string name, IEnumerable<FencedBlock> blocks)
    {
        StringBuilder usings = new(), types = new();
        // On Windows, the encoding of the region lacks ≈.
        StringBuilder statements = new("Console.OutputEncoding = System.Text.Encoding.UTF8;\n");
        foreach (FencedBlock block in blocks)
        {
            CompilationUnitSyntax unit = SyntaxFactory.ParseCompilationUnit(block.Content);
            foreach (UsingDirectiveSyntax directive in unit.Usings) Append(usings, directive);
            foreach (MemberDeclarationSyntax member in unit.Members) Append(member is GlobalStatementSyntax ? statements : types, member);

            void Append(StringBuilder part, SyntaxNode node)
            {
                int line = node.SyntaxTree.GetLineSpan(node.FullSpan).StartLinePosition.Line + block.Line;
                part.Append($"#line {line} \"{name}\"\n").Append(node.ToFullString()).Append('\n');
            }
        }

        return usings.Append(statements).Append(types).ToString();
    }

    private static void Compile(string name, string program, Stream assembly, string usings, string[] otherReferences)
    {
        CSharpParseOptions options = new(LanguageVersion.CSharp14);
        string[] platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            $"{name}.snippets",
            [CSharpSyntaxTree.ParseText(ImplicitUsings + usings, options), CSharpSyntaxTree.ParseText(program, options)],
            // A library that is in both comes from the program's own folder.
            platform.Concat(otherReferences).DistinctBy(Path.GetFileName).Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(
                OutputKind.ConsoleApplication,
                nullableContextOptions: NullableContextOptions.Enable,
                // as the SDK does
                specificDiagnosticOptions: [new("CS1701", ReportDiagnostic.Suppress), new("CS1702", ReportDiagnostic.Suppress)]));
        EmitResult result = compilation.Emit(assembly);
        IEnumerable<Diagnostic> complaints = result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);
        Assert.True(result.Success && !complaints.Any(), string.Join('\n', complaints));
    }
}

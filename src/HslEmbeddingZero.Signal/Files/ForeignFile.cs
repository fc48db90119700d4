using System.Text;

namespace HslEmbeddingZero;

/// <summary>Recognizes files of other kinds that are often given by mistake, and says what to do with them.</summary>
internal static class ForeignFile
{
    /// <summary>How many bytes of a file's start are looked at.</summary>
    public const int StartLength = 512;

    private const int LongestPointer = 1024; // by the specification of Git LFS

    private const string FromPython = "in Python, read it with torch.load and write it with safetensors.torch.save_file";

    /// <summary>Whether content is a Git LFS pointer: a small text that stands for a file that was not downloaded.</summary>
    public static bool IsGitLfsPointer(ReadOnlySpan<byte> start) => start.StartsWith("version https://git-lfs.github.com/spec/"u8);

    /// <summary>Whether a file is a Git LFS pointer.</summary>
    public static bool IsGitLfsPointer(FileInfo file)
    {
        if (file.Length > LongestPointer) return false;
        using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> start = stackalloc byte[LongestPointer];
        return IsGitLfsPointer(start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
    }

    /// <summary>What to say of a Git LFS pointer.</summary>
    public const string GitLfsPointer = "this is a Git LFS pointer, not the file itself; download the file with 'git lfs pull'";

    /// <summary>What a file is that is not a safetensors file, and what to do; null if its start is not known.</summary>
    public static string? Describe(ReadOnlySpan<byte> start)
    {
        if (IsGitLfsPointer(start)) return GitLfsPointer;
        if (start.StartsWith("PK\x03\x04"u8)) return $"this is a zip archive, as torch.save writes it (.pt, .pth, .bin); {FromPython}";
        if (start is [0x80, >= 2 and <= 5, ..]) return $"this is a Python pickle, as older versions of torch.save write it; {FromPython}";
        if (start is [0x1F, 0x8B, ..]) return "this is a gzip archive; unpack it first";
        if (start.StartsWith("GGUF"u8)) return "this is a GGUF file; only safetensors files are read";
        if (start is [0x89, (byte)'H', (byte)'D', (byte)'F', ..])
            return "this is an HDF5 file; only safetensors files are read";
        ReadOnlySpan<byte> text = start.TrimStart(" \t\r\n\uFEFF"u8);
        if (text is [(byte)'<', ..]) return "this is an HTML or XML page, perhaps an error page of a server; download the file again";
        if (text is not [(byte)'{', ..]) return null;
        return Encoding.UTF8.GetString(text).Contains("\"weight_map\"", StringComparison.Ordinal)
            ? "this is the index of a model in several files; its name must end in .index.json"
            : "this is JSON text, for example a configuration; name the .safetensors file";
    }

    /// <summary>Which wrapper of Python put a prefix before all names of a file, and what to do; null if none did.</summary>
    public static string? DescribeNames(IEnumerable<string> names)
    {
        string[] all = [.. names];
        (string Prefix, string Wrapper, string Inner)[] wrappers =
            [("_orig_mod.", "torch.compile", "_orig_mod"), ("module.", "torch's DataParallel", "module")];
        foreach ((string prefix, string wrapper, string inner) in wrappers)
            if (all.Length > 0 && Array.TrueForAll(all, name => name.StartsWith(prefix, StringComparison.Ordinal)))
                return $"all its names begin with '{prefix}', which {wrapper} adds; in Python, save model.{inner}.state_dict()";
        return null;
    }
}

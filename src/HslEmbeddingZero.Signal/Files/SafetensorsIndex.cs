using System.Text.Json;

namespace HslEmbeddingZero;

/// <summary>
/// The index of a model that is divided into several safetensors files (shards), as the libraries of Hugging Face write it. Its
/// <c>weight_map</c> names the file of every tensor. The files are in the folder of the index.
/// </summary>
internal static class SafetensorsIndex
{
    /// <summary>How the name of an index ends.</summary>
    private const string Ending = ".index.json";

    private const string WeightMap = "weight_map";

    /// <summary>Whether a path names an index.</summary>
    public static bool IsIndex(string path) => path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

    /// <summary>The file name of every tensor. The names are checked: they name files in the folder of the index.</summary>
    /// <exception cref="SafetensorsException">The index is damaged.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        long length = new FileInfo(path).Length;
        if (length > SafetensorsHeaderReader.MaxHeaderLength)
            throw new SafetensorsException($"{path}: {length} bytes; an index has at most {SafetensorsHeaderReader.MaxHeaderLength}.");
        byte[] text = File.ReadAllBytes(path);
        if (ForeignFile.IsGitLfsPointer(text)) throw new SafetensorsException($"{path}: {ForeignFile.GitLfsPointer}.");
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty(WeightMap, out JsonElement map)
                || map.ValueKind != JsonValueKind.Object)
                throw new SafetensorsException($"{path}: not an index of safetensors files: it has no object '{WeightMap}'.");
            Dictionary<string, string> files = new(StringComparer.Ordinal);
            foreach (JsonProperty entry in map.EnumerateObject())
            {
                string? name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
                // An index comes from elsewhere: it must not make the program read a file outside its folder.
                if (string.IsNullOrEmpty(name) || name != Path.GetFileName(name) || name.Contains('\\', StringComparison.Ordinal)
                    || name.Contains('\0', StringComparison.Ordinal) || IsIndex(name))
                    throw new SafetensorsException(
                        $"{path}: the file of tensor '{SafetensorsHeaderReader.Show(entry.Name)}' is "
                            + $"{SafetensorsHeaderReader.Show(entry.Value.GetRawText())}; it must name a file in the same folder.");
                files.Add(entry.Name, name);
            }

            return files.Count > 0 ? files : throw new SafetensorsException($"{path}: '{WeightMap}' names no tensor.");
        }
        catch (JsonException error)
        {
            throw new SafetensorsException($"{path}: not JSON: {error.Message}", error);
        }
        catch (InvalidOperationException error)
        {
            // The JSON reader reports half of a surrogate pair in this way.
            throw new SafetensorsException($"{path}: not JSON: it holds a string that is not Unicode text.", error);
        }
    }

    /// <summary>Checks that a shard holds exactly the tensors that the index expects there.</summary>
    /// <exception cref="SafetensorsException">The two contradict each other.</exception>
    public static void Compare(string path, string shard, SafetensorsHeader header, Dictionary<string, string> map)
    {
        string? missing = map.FirstOrDefault(entry => entry.Value == shard && !header.Tensors.ContainsKey(entry.Key)).Key;
        if (missing is not null)
            throw new SafetensorsException($"{path}: tensor '{SafetensorsHeaderReader.Show(missing)}' is not in its file '{shard}'.");
        string? foreign = header.Tensors.Keys.FirstOrDefault(name => map.GetValueOrDefault(name) != shard);
        if (foreign is not null)
            throw new SafetensorsException(
                $"{path}: '{shard}' holds tensor '{SafetensorsHeaderReader.Show(foreign)}', which the index does not expect there.");
    }
}

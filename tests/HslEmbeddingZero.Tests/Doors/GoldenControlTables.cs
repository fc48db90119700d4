using System.Text.Json;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>Golden/control-tables.json.</summary>
internal sealed record GoldenControlTables(float[] ValueLut, IReadOnlyDictionary<int, GoldenControlArm> Arms)
{
    public static GoldenControlTables Instance { get; } = Read();

    private static GoldenControlTables Read()
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Golden", "control-tables.json"));
        using var json = JsonDocument.Parse(file);
        return new GoldenControlTables(
            Floats(json.RootElement.GetProperty("value_lut")),
            json.RootElement.GetProperty("arms").EnumerateArray().ToDictionary(
                arm => arm.GetProperty("seed").GetInt32(),
                arm => new GoldenControlArm(
                    [.. arm.GetProperty("permutation").EnumerateArray().Select(value => value.GetInt32())],
                    Floats(arm.GetProperty("random")),
                    [.. arm.GetProperty("randn_first16").EnumerateArray().Select(value => value.GetDouble())],
                    Floats(arm.GetProperty("learned_init_first36")))));
    }

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetSingle())];
}

internal sealed record GoldenControlArm(int[] Permutation, float[] Random, double[] RandnFirst16, float[] LearnedInitFirst36);

namespace HslEmbeddingZero;

/// <summary>What the loops carry from one byte to the next: the byte, its Gray code, twice the energy of its last four bits.</summary>
internal readonly record struct FeatureState(uint Value, uint Gray, uint Tail, bool IsStart)
{
    public static FeatureState After(HslContext context)
    {
        if (context.Previous is not { } previous)
            return new FeatureState(0, 0, 0, IsStart: true);

        int tail = FeatureTables.TailCode(context.BeforePrevious ?? -1, previous);
        return new FeatureState(previous, FeatureTables.Gray(previous), (uint)tail, IsStart: false);
    }
}

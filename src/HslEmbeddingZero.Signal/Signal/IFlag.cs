namespace HslEmbeddingZero;

/// <summary>An option as a type argument rather than a branch, so that the JIT compiles one loop per choice.</summary>
internal interface IFlag
{
    static abstract bool IsOn { get; }
}

internal readonly struct Yes : IFlag
{
    public static bool IsOn => true;
}

internal readonly struct No : IFlag
{
    public static bool IsOn => false;
}

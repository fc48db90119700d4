namespace HslEmbeddingZero.Faults;

/// <summary>Leaves the input undamaged. Every reader must accept it; otherwise its refusals mean nothing.</summary>
internal sealed class Undamaged : Random
{
    protected override double Sample() => 0;
}

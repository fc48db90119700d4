namespace HslEmbeddingZero.Faults;

/// <summary>Stands for no damage at all: what every reader must accept before its refusals mean anything.</summary>
internal sealed class Undamaged : Random
{
    protected override double Sample() => 0;
}

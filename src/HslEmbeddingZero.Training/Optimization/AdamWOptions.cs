namespace HslEmbeddingZero.Training;

/// <summary>Hyperparameters of AdamW (Loshchilov and Hutter 2019). The defaults are those published for the byte models.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the first moment, 0 to below 1.</summary>
    /// <value>0.9 by default.</value>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment, 0 to below 1.</summary>
    /// <value>0.95 by default.</value>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Term in the denominator that avoids a division by zero; above 0.</summary>
    /// <value>1e-8 by default.</value>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay of matrices, 0 or more. Vectors and scalars (norms, biases, gates) are not decayed.</summary>
    /// <value>0.1 by default.</value>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Largest norm of the whole gradient. A gradient with a larger norm is scaled down to it. 0 turns clipping off.</summary>
    /// <value>1 by default.</value>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        OptionRange.Require(Beta1 >= 0 && Beta1 < 1, nameof(Beta1), Beta1, "0 to below 1");
        OptionRange.Require(Beta2 >= 0 && Beta2 < 1, nameof(Beta2), Beta2, "0 to below 1");
        OptionRange.Require(Epsilon > 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "above 0 and finite");
        OptionRange.Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), nameof(WeightDecay), WeightDecay, "0 or more, and finite");
        OptionRange.Require(
            MaxGradientNorm >= 0 && double.IsFinite(MaxGradientNorm), nameof(MaxGradientNorm), MaxGradientNorm, "0 or more, and finite");
    }
}

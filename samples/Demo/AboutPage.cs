namespace HslEmbeddingZero.Samples.Demo;

/// <summary>What the page loads first: limits, channels, and the model if there is one.</summary>
internal sealed record AboutPage(
    int InputBytes, int PromptBytes, int GeneratedBytes, int TextBytes, double Temperature, int BytesPerSlot, int Dim,
    IReadOnlyList<ChannelDescription> Channels, ModelDescription? Model, KnowledgeDescription? Knowledge)
{
    public static AboutPage Of(InputLimits limits, ModelDescription? model, KnowledgeDescription? knowledge) => new(
        limits.InputBytes, limits.PromptBytes, limits.GeneratedBytes, limits.TextBytes, limits.Temperature, Slots.BytesPerSlot,
        Slots.Dim, ChannelDescription.All, model, knowledge);
}

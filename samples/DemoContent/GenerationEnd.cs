using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Why a generation ended.</summary>
internal enum GenerationEnd
{
    /// <summary>The requested number of bytes is generated.</summary>
    [JsonStringEnumMemberName("length")]
    Length,

    /// <summary>The model ended the document.</summary>
    [JsonStringEnumMemberName("document")]
    Document,

    /// <summary>The time limit of a generation was reached.</summary>
    [JsonStringEnumMemberName("time")]
    Time,

    /// <summary>The server stops.</summary>
    [JsonStringEnumMemberName("stop")]
    Stop,
}

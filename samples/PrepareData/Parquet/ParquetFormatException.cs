namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A parquet file, or a part of one, that breaks the format or needs what this reader does not have.</summary>
internal class ParquetFormatException(string message) : IOException(message);

/// <summary>The bytes end within a structure; more of them may help.</summary>
internal sealed class EndOfDataException() : ParquetFormatException("the bytes end too early");

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A parquet file, or a part of it, violates the format or needs an unsupported feature.</summary>
internal class ParquetFormatException(string message) : IOException(message);

/// <summary>The bytes end within a structure. Reading more bytes may help.</summary>
internal sealed class EndOfDataException() : ParquetFormatException("the bytes end too early");

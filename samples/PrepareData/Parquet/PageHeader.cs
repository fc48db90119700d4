namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The header of a page of a parquet column.</summary>
internal readonly record struct PageHeader(
    int Type, int UncompressedSize, int CompressedSize, int Values, int Encoding, int DefinitionSize, int RepetitionSize, bool IsCompressed)
{
    public const int DataPage = 0;
    public const int IndexPage = 1;
    public const int DictionaryPage = 2;
    public const int DataPage2 = 3;

    /// <summary>Reads a header and returns its length.</summary>
    public static PageHeader Read(ReadOnlySpan<byte> bytes, out int length)
    {
        CompactThrift thrift = new(bytes);
        int type = -1, uncompressed = -1, compressed = -1, values = -1, encoding = -1, definition = 0, repetition = 0;
        bool isCompressed = true;
        short id = 0;
        while (thrift.NextField(ref id, out CompactThrift.Kind kind))
        {
            switch (id)
            {
                case 1: type = thrift.Int32(kind); break;
                case 2: uncompressed = thrift.Int32(kind); break;
                case 3: compressed = thrift.Int32(kind); break;
                case 5 or 7 or 8: ReadDetails(ref thrift, kind, isVersion2: id == 8); break;
                default: thrift.Skip(kind); break;
            }
        }

        length = thrift.Position;
        return new PageHeader(type, uncompressed, compressed, values, encoding, definition, repetition, isCompressed);

        void ReadDetails(ref CompactThrift thrift, CompactThrift.Kind kind, bool isVersion2)
        {
            CompactThrift.Struct(kind);
            short field = 0;
            while (thrift.NextField(ref field, out CompactThrift.Kind fieldKind))
            {
                switch (field, isVersion2)
                {
                    case (1, _): values = thrift.Int32(fieldKind); break;
                    case (2, false): encoding = thrift.Int32(fieldKind); break;
                    case (4, true): encoding = thrift.Int32(fieldKind); break;
                    case (5, true): definition = thrift.Int32(fieldKind); break;
                    case (6, true): repetition = thrift.Int32(fieldKind); break;
                    case (7, true): isCompressed = CompactThrift.Boolean(fieldKind); break;
                    default: thrift.Skip(fieldKind); break;
                }
            }
        }
    }
}

using System.Security.Cryptography;

namespace HslEmbeddingZero.Knowledge;

/// <summary>A text file to import. It is read twice: for its digest, and for its facts. Little of it is in memory.</summary>
internal sealed class SourceFile : IDisposable
{
    private const int BufferSize = 1 << 18, LongestCharacter = 4;

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly DateTime _written;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _at, _end;
    private bool _isAtEnd;

    private SourceFile(string path, FileStream stream)
    {
        (_path, _stream, _written) = (path, stream, File.GetLastWriteTimeUtc(path));
        Bytes = stream.Length;
        Sha256 = Digest();
    }

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    public byte[] Sha256 { get; }

    /// <summary>First byte of the fact that was read.</summary>
    public long FactOffset { get; private set; }

    /// <summary>The fact that was read.</summary>
    public ReadOnlySpan<byte> Fact => _buffer.AsSpan((int)(FactOffset - BufferOffset), _at - (int)(FactOffset - BufferOffset));

    /// <summary>The first byte after the fact that was read.</summary>
    public long Position => BufferOffset + _at;

    private long BufferOffset => _stream.Position - _end;

    /// <summary>Opens a file.</summary>
    /// <exception cref="KnowledgeException">The file is missing, cannot be read, or is not UTF-8.</exception>
    public static SourceFile Open(string path)
    {
        if (FilePath.Misfit(path) is { } misfit) throw new KnowledgeException($"{path}: {misfit}.");
        if (!File.Exists(path)) throw new KnowledgeException($"{path}: there is no such file.");
        try
        {
            if (ForeignFile.IsGitLfsPointer(new FileInfo(path))) throw new KnowledgeException($"{path}: {ForeignFile.GitLfsPointer}.");
            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            try
            {
                return new(path, stream);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is UnauthorizedAccessException or (IOException and not KnowledgeException))
        {
            throw new KnowledgeException($"{path}: cannot be read. {error.Message}", error);
        }
    }

    /// <summary>Begins to read facts.</summary>
    /// <param name="offset">0, or the end of a fact.</param>
    public void Seek(long offset)
    {
        _stream.Position = offset;
        (_at, _end, _isAtEnd) = (0, 0, false);
        if (offset > 0) return;
        Fill();
        _at = FactSplitter.ByteOrderMark(_buffer.AsSpan(0, _end));
    }

    /// <summary>Reads the next fact.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="KnowledgeException">The file has changed.</exception>
    public bool Read()
    {
        do
        {
            if (_end - _at < FactSplitter.Lookahead) Fill();
            _at += FactSplitter.WhiteSpace(_buffer.AsSpan(_at, _end - _at));
        }
        while (!_isAtEnd && _end - _at < FactSplitter.Lookahead);

        FactOffset = Position;
        if (_at == _end)
        {
            RequireUnchanged();
            return false;
        }

        _at += FactSplitter.LengthOfFact(_buffer.AsSpan(_at, _end - _at));
        return true;
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>SHA-256 of the file. It must be UTF-8.</summary>
    private byte[] Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long offset = 0;
        int kept = 0; // bytes of a character that the end of the buffer has cut
        for (int read; (read = _stream.Read(_buffer, kept, _buffer.Length - kept)) > 0;)
        {
            hash.AppendData(_buffer, kept, read);
            Span<byte> text = _buffer.AsSpan(0, kept + read);
            int valid = FactSplitter.ValidBytes(text);
            kept = text.Length - valid;
            if (kept >= LongestCharacter) throw NotUtf8(text[valid], offset + valid);
            text[valid..].CopyTo(_buffer);
            offset += valid;
        }

        return kept == 0 ? hash.GetHashAndReset() : throw NotUtf8(_buffer[0], offset);
    }

    private KnowledgeException NotUtf8(byte value, long offset) =>
        new($"{_path}: not UTF-8 text: byte 0x{value:X2} at offset {offset} begins no character.");

    private void Fill()
    {
        _buffer.AsSpan(_at, _end - _at).CopyTo(_buffer);
        (_at, _end) = (0, _end - _at);
        int read = _stream.ReadAtLeast(_buffer.AsSpan(_end), _buffer.Length - _end, throwOnEndOfStream: false);
        _isAtEnd = read < _buffer.Length - _end;
        _end += read;
    }

    private void RequireUnchanged()
    {
        if (_stream.Length != Bytes || Position != Bytes || File.GetLastWriteTimeUtc(_path) != _written)
            throw new KnowledgeException($"{_path}: the file has changed while it was read. Import it again.");
    }
}

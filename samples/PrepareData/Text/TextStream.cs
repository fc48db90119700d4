using System.Buffers;
using System.IO.Hashing;
using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.Zip.Compression;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The bytes of a text file. The text of .gz and .zst files is decompressed while it is read.</summary>
internal abstract class TextStream : IDisposable
{
    private const int BufferSize = 1 << 16;

    protected TextStream(string path) =>
        File = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);

    /// <summary>What is wrong from here on; null where everything could be read so far. What was read before stays.</summary>
    public string? Fault { get; protected set; }

    /// <summary>Bytes of the file that are done, compressed ones where it is compressed.</summary>
    /// <param name="offset">Bytes of the text that are used. The buffers hold more.</param>
    public virtual long BytesDone(long offset) => Fault is null ? File.Position : File.Length;

    protected FileStream File { get; }

    /// <summary>Opens a file by the end of its name.</summary>
    /// <exception cref="InvalidDataException">The file is empty, or it is not compressed as its name says.</exception>
    public static TextStream Open(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".gz" => new GzipText(path),
        ".zst" => new ZstdText(path),
        _ => new PlainText(path),
    };

    /// <summary>Goes to a place in the text; false where the text must be read up to there.</summary>
    public virtual bool TrySeek(long offset) => false;

    /// <summary>Reads the next bytes; 0 at the end of the text, or where <see cref="Fault"/> says why there is no more.</summary>
    public abstract int Read(byte[] buffer, int offset, int count);

    public virtual void Dispose() => File.Dispose();

    private sealed class PlainText(string path) : TextStream(path)
    {
        public override bool TrySeek(long offset)
        {
            File.Position = offset;
            return true;
        }

        public override int Read(byte[] buffer, int offset, int count) => File.Read(buffer, offset, count);

        public override long BytesDone(long offset) => offset;
    }

    /// <summary>A compressed file. It may have several parts, one after another, as parallel compressors and "cat" write them.</summary>
    private abstract class CompressedText : TextStream
    {
        protected CompressedText(string path, Func<ReadOnlySpan<byte>, bool> recognize, string format)
            : base(path)
        {
            Fill();
            if (recognize(Input)) return;
            File.Dispose();
            throw new InvalidDataException(
                $"{path}: not {format} data: {FileContent.DescribeData(Input) ?? "it does not begin as such data does"}.");
        }

        protected byte[] Buffer { get; } = new byte[BufferSize];

        protected int Start { get; set; }

        protected int End { get; private set; }

        /// <summary>Compressed bytes that were read but not used yet.</summary>
        protected ReadOnlySpan<byte> Input => Buffer.AsSpan(Start, End - Start);

        /// <summary>Where the next compressed byte is in the file.</summary>
        protected long InputOffset => File.Position - Input.Length;

        /// <summary>Reads more compressed bytes if none are left; false at the end of the file.</summary>
        protected bool Fill()
        {
            if (Start < End) return true;
            (Start, End) = (0, File.ReadAtLeast(Buffer, Buffer.Length, throwOnEndOfStream: false));
            return End > 0;
        }

        protected void EndEarly(string reason) => Fault = $"{reason} at byte {InputOffset} of the compressed file. The rest is lost";
    }

    /// <summary>
    /// Gzip members one after another. The framework's GZipStream ends without an error where data is cut off or where another part is
    /// damaged, so the members are followed here; the inflater is SharpZipLib's.
    /// </summary>
    private sealed class GzipText(string path) : CompressedText(path, start => start.StartsWith(FileContent.Gzip), "gzip")
    {
        private const int MostAtOnce = 1 << 12; // What the inflater has written when it meets damage is lost.

        private readonly Inflater _inflater = new(noHeader: true);
        private readonly Crc32 _checksum = new();
        private bool _isInMember;
        private bool _isFirst = true;

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                while (Fault is null && (_isInMember || OpenMember()))
                {
                    int read = _inflater.Inflate(buffer, offset, Math.Min(count, MostAtOnce));
                    _checksum.Append(buffer.AsSpan(offset, read));
                    if (read > 0) return read;
                    if (_inflater.IsFinished) CloseMember();
                    else if (_inflater.IsNeedingInput) GiveInput();
                    else EndEarly("the gzip data is damaged");
                }
            }
            catch (Exception failure) when (failure is SharpZipBaseException or IndexOutOfRangeException) // Both are the inflater's.
            {
                Start = End - _inflater.RemainingInput;
                EndEarly("the gzip data is damaged");
            }
            catch (EndOfStreamException)
            {
                EndEarly("the gzip data is cut off");
            }

            return 0;
        }

        /// <summary>Reads the head of a member; false at the end of the file, or where something else follows the last member.</summary>
        private bool OpenMember()
        {
            const int deflate = 8;
            const int hasChecksum = 2, hasExtra = 4, hasName = 8, hasComment = 16, reserved = 0xE0;
            if (!_isFirst)
            {
                while (Fill() && Input[0] == 0) Start++; // Tapes and block devices are padded with zeros.
                if (!Fill()) return false;
            }

            long offset = InputOffset;
            bool isGzip = NextByte() == FileContent.Gzip[0] && NextByte() == FileContent.Gzip[1] && NextByte() == deflate;
            int flags = isGzip ? NextByte() : reserved;
            if ((flags & reserved) != 0)
            {
                Fault = $"from byte {offset} of the compressed file on, there is no gzip data. The rest is lost";
                return false;
            }

            Skip(6); // time, level and system
            if ((flags & hasExtra) != 0) Skip(NextByte() | (NextByte() << 8));
            if ((flags & hasName) != 0) SkipWord();
            if ((flags & hasComment) != 0) SkipWord();
            if ((flags & hasChecksum) != 0) Skip(2);
            _inflater.Reset();
            _checksum.Reset();
            _isFirst = false;
            return _isInMember = true;
        }

        private void CloseMember()
        {
            Start = End - _inflater.RemainingInput;
            _isInMember = false;
            uint checksum = NextNumber(), length = NextNumber();
            if (checksum != _checksum.GetCurrentHashAsUInt32() || length != (uint)_inflater.TotalOut)
                EndEarly("the gzip data is damaged: the checksum is not that of the text before it. It ended");
        }

        private void GiveInput()
        {
            if (!Fill()) throw new EndOfStreamException();
            _inflater.SetInput(Buffer, Start, End - Start);
            Start = End;
        }

        private uint NextNumber() => (uint)(NextByte() | (NextByte() << 8) | (NextByte() << 16) | (NextByte() << 24));

        private int NextByte() => Fill() ? Buffer[Start++] : throw new EndOfStreamException();

        private void Skip(int count)
        {
            for (; count > 0; count--) NextByte();
        }

        private void SkipWord()
        {
            while (NextByte() != 0) continue;
        }
    }

    /// <summary>Zstandard frames one after another.</summary>
    private sealed class ZstdText : CompressedText
    {
        private const int LongestWindow = 31; // The most that the format's own tool writes, with --long=31.
        private readonly ZstdSharp.Decompressor _decompressor = new();
        private bool _isInFrame;

        public ZstdText(string path)
            : base(path, FileContent.IsZstd, "zstd") =>
            _decompressor.SetParameter(ZstdSharp.Unsafe.ZSTD_dParameter.ZSTD_d_windowLogMax, LongestWindow);

        public override int Read(byte[] buffer, int offset, int count)
        {
            while (Fault is null)
            {
                bool hasInput = Fill();
                OperationStatus status = _decompressor.UnwrapStream(Input, buffer.AsSpan(offset, count), out int used, out int written);
                Start += used;
                if (status == OperationStatus.InvalidData) EndEarly("the zstd data is damaged, or ends and other bytes follow,");
                else if (!hasInput && written == 0)
                {
                    if (_isInFrame && status != OperationStatus.Done) EndEarly("the zstd data is cut off");
                    return 0;
                }

                _isInFrame = status != OperationStatus.Done;
                if (written > 0) return written;
            }

            return 0;
        }

        public override void Dispose()
        {
            _decompressor.Dispose();
            base.Dispose();
        }
    }
}

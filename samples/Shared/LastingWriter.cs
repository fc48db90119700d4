using System.Text;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A console output that may go away or fill its disk while a program works: a closed terminal, a full disk behind a redirection. Hours of
/// training must not end for a line of progress, so the error is kept until the program's end.
/// </summary>
internal sealed class LastingWriter(TextWriter output) : TextWriter
{
    /// <summary>The first error; null while all is written.</summary>
    public IOException? Error { get; private set; }

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => Try(() => output.Write(value));

    public override void Write(string? value) => Try(() => output.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => output.Write(buffer, index, count));

    public override void Flush() => Try(output.Flush);

    private void Try(Action write)
    {
        if (Error is not null) return;
        try
        {
            write();
        }
        catch (IOException error)
        {
            Error = error;
        }
    }
}

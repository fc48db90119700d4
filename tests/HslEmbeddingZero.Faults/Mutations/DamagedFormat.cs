namespace HslEmbeddingZero.Faults;

/// <summary>One kind of input, how it is damaged, and what its reader must do.</summary>
internal abstract class DamagedFormat : IDisposable
{
    /// <summary>Reads one damaged input.</summary>
    /// <param name="random">Decides the damage.</param>
    /// <returns>
    /// Null where it was accepted; then what was read has been checked against the input. The message where it was refused.
    /// </returns>
    /// <exception cref="BrokenPromiseException">It was read wrongly, or refused without saying what.</exception>
    public abstract string? Read(Random random);

    public virtual void Dispose()
    {
    }

    /// <summary>Null where the reader accepts; its message where it refuses as its documentation says, naming the input.</summary>
    protected static string? Refusal(string name, Action read, Func<Exception, bool> isRefusal)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception error) when (isRefusal(error))
        {
            if (!error.Message.Contains(name, StringComparison.Ordinal) || error.Message.Length < name.Length + 10)
                throw new BrokenPromiseException($"the refusal does not name the input '{name}': {error.Message}");
            return error.Message;
        }
    }

    /// <summary>Requires something of what was accepted.</summary>
    protected static void Require(bool holds, string what)
    {
        if (!holds) throw new BrokenPromiseException(what);
    }
}

/// <summary>A reader did what it must not.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);

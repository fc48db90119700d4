namespace HslEmbeddingZero.Faults;

/// <summary>One kind of input, how it is damaged, and what its reader must do.</summary>
internal abstract class DamagedFormat : IDisposable
{
    /// <summary>Reads one damaged input.</summary>
    /// <param name="random">Decides the damage.</param>
    /// <returns>
    /// Null where the input was accepted; the result has then been checked against the input. The error message where it was refused.
    /// </returns>
    /// <exception cref="BrokenPromiseException">The input was read wrongly, or the message does not name it.</exception>
    public abstract string? Read(Random random);

    public virtual void Dispose()
    {
    }

    /// <summary>Null where the reader accepts. The error message where it refuses as documented and names the input.</summary>
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

    /// <summary>Checks a condition on an accepted input.</summary>
    protected static void Require(bool holds, string what)
    {
        if (!holds) throw new BrokenPromiseException(what);
    }
}

/// <summary>A reader broke its documented behaviour.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);

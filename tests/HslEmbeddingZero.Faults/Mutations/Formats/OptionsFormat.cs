using System.CommandLine;
using System.Text;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// A command line. Its values are within the documented ranges, or it is refused with a message before anything happens.
/// </summary>
internal abstract class OptionsFormat : DamagedFormat
{
    /// <summary>Words of a good command line.</summary>
    protected abstract IReadOnlyList<string[]> Valid { get; }

    /// <summary>The parser configuration of the programs.</summary>
    protected static ParserConfiguration Words { get; } = new() { ResponseFileTokenReplacer = null };

    /// <summary>Parses one command line.</summary>
    protected abstract ParseResult Parse(string[] words);

    public override string? Read(Random random)
    {
        string[] words = Damage([.. Valid[random.Next(Valid.Count)]], random);
        ParseResult parsed = Parse(words);
        if (parsed.Errors.Count > 0)
        {
            Require(parsed.Errors.All(error => error.Message.Length is > 10 and < 3_000_000), "an error without a message");
            return parsed.Errors[0].Message;
        }

        using StringWriter output = new(), errors = new();
        try
        {
            parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = errors });
            return null;
        }
        catch (Exception error) when (error is ArgumentException or IOException)
        {
            Require(error.Message.Length > 10, "a refusal without a message");
            return error.Message;
        }
    }

    private static string[] Damage(string[] words, Random random)
    {
        if (random is Undamaged) return words;
        List<string> list = [.. words];
        for (int left = Math.Max(1, random.Next(-2, 4)); left > 0; left--)
        {
            int at = random.Next(list.Count);
            switch (random.Next(6))
            {
                case 0: list.RemoveAt(at); break;
                case 1: list.Insert(at, list[random.Next(list.Count)]); break;
                case 2: list[at] = "@" + list[at]; break;
                case 3: list.Reverse(at, Math.Min(2, list.Count - at)); break;
                default: list[at] = Encoding.UTF8.GetString(Mutator.Damage(Encoding.UTF8.GetBytes(list[at]), random, isText: true)); break;
            }

            if (list.Count == 0) break;
        }

        return [.. list];
    }
}

using System.Buffers.Binary;
using System.Text;

namespace HslEmbeddingZero.Faults;

/// <summary>Damages bytes in the ways of disks, networks and attackers. The same random numbers give the same damage.</summary>
internal static class Mutator
{
    private static readonly long[] Extremes =
        [0, 1, -1, 127, 128, 255, 32767, 65535, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue,
            long.MinValue, 100_000_000, 100_000_001];

    private static readonly string[] Tokens =
    [
        "NaN", "Infinity", "-Infinity", "1e400", "-1", "0", "9223372036854775807", "9223372036854775808", "1e-400",
            "99999999999999999999999999", "0.5", "null", "true",
        "\"\"", "{}", "[]", "\"\\ud800\"", "\"\\u0000\"", "--", "-->", "\n", "\r\n\r\n", "\0", "\uFEFF", "<<<<", "{\\", "&#x110000;",
        "WEBVTT", "@", "%", "../..",
    ];

    /// <summary>Applies one to three kinds of damage, one after another.</summary>
    /// <param name="valid">Undamaged input.</param>
    /// <param name="random">Decides the damage.</param>
    /// <param name="isText">True where the format is text, so that words and lines are worth changing too.</param>
    /// <param name="lengthFields">Offsets of length fields; negative ones count from the end.</param>
    public static byte[] Damage(byte[] valid, Random random, bool isText, params int[] lengthFields)
    {
        if (random is Undamaged) return valid;
        byte[] bytes = [.. valid];
        for (int left = Math.Max(1, random.Next(-2, 4)); left > 0; left--)
            bytes = isText && random.Next(2) == 0 ? DamageText(bytes, random) : DamageBytes(bytes, random, lengthFields);
        return bytes;
    }

    private static byte[] DamageBytes(byte[] bytes, Random random, int[] lengthFields)
    {
        if (bytes.Length == 0) return [(byte)random.Next(256)];
        int at = random.Next(bytes.Length);
        int many = Math.Min(bytes.Length - at, 1 << random.Next(12));
        switch (random.Next(11))
        {
            case 0 or 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 3:
                return bytes[..at];
            case 4:
                return [.. bytes[..at], .. bytes[(at + many)..]];
            case 5:
                byte[] inserted = new byte[many];
                random.NextBytes(inserted);
                return [.. bytes[..at], .. inserted, .. bytes[at..]];
            case 6:
                return [.. bytes[..(at + many)], .. bytes[at..]];
            case 7:
                bytes.AsSpan(at, many).Fill((byte)(random.Next(2) * 255));
                return bytes;
            case 8 when lengthFields.Length > 0:
                int field = lengthFields[random.Next(lengthFields.Length)];
                WriteExtreme(bytes, field < 0 ? Math.Max(0, bytes.Length + field) : field, random);
                return bytes;
            case 9:
                return [.. bytes, .. bytes[..many]];
            default:
                WriteExtreme(bytes, at, random);
                return bytes;
        }
    }

    private static void WriteExtreme(byte[] bytes, int at, Random random)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, Extremes[random.Next(Extremes.Length)] + random.Next(-1, 2));
        number[..Math.Min(random.Next(2) == 0 ? 4 : 8, Math.Max(0, bytes.Length - at))].CopyTo(bytes.AsSpan(Math.Min(at, bytes.Length)));
    }

    private static byte[] DamageText(byte[] bytes, Random random)
    {
        string text = Encoding.Latin1.GetString(bytes); // one character per byte
        switch (random.Next(7))
        {
            case 0 or 6: // a number becomes another
                int[] digits = [.. Enumerable.Range(0, text.Length).Where(
                    i => char.IsAsciiDigit(text[i]) && (i == 0 || !char.IsAsciiDigit(text[i - 1])))];
                if (digits.Length == 0) return bytes;
                int start = digits[random.Next(digits.Length)], end = start;
                while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
                return Bytes(
                    text[..start] + (random.Next(2) == 0 ? $"{random.Next(100)}" : Tokens[random.Next(Tokens.Length)]) + text[end..]);
            case 1: // duplicates a key, a value or a line
                char sign = ",\n{\"".ToCharArray()[random.Next(4)];
                string[] parts = text.Split(sign);
                int part = random.Next(parts.Length);
                return Bytes(string.Join(sign, [.. parts[..part], parts[part], .. parts[part..]]));
            case 2: // deep nesting
                int place = random.Next(text.Length + 1);
                int depth = 1 << random.Next(18);
                (string open, string close) = random.Next(2) == 0 ? ("[", "]") : ("{\"a\":", "}");
                return Bytes(text[..place] + string.Concat(Enumerable.Repeat(open, depth)) + (random.Next(2) == 0
                    ? string.Concat(Enumerable.Repeat(close, depth)) : "") + text[place..]);
            case 3: // a very long word
                place = random.Next(text.Length + 1);
                return Bytes(text[..place] + new string((char)random.Next(32, 256), 1 << random.Next(21)) + text[place..]);
            case 4: // half of a character
                place = random.Next(text.Length + 1);
                return [.. bytes[..place], (byte)random.Next(0x80, 0x100), .. bytes[place..]];
            default:
                place = random.Next(text.Length + 1);
                return Bytes(text[..place] + Tokens[random.Next(Tokens.Length)] + text[place..]);
        }
    }

    private static byte[] Bytes(string latin)
    {
        byte[] bytes = new byte[latin.Length];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = latin[i] < 256 ? (byte)latin[i] : (byte)'?';
        return bytes;
    }
}

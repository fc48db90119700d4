using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies TorchSharp's Linux library with its requirement of GLIBCXX_3.4.32 marked weak (one bit of one byte). The entry is found by
/// walking the file's version-need section, and only in a file whose hash is known; any other file is left as it is.
/// </summary>
public sealed class WeakenVersionRequirement : Task
{
    /// <summary>The file that TorchSharp 0.107.0 ships as runtimes/linux-x64/native/libLibTorchSharp.so.</summary>
    private const string KnownSha256 = "CF33B1B0BB6BBB9754A768FB5C5D04D9F498603BE50E73F55621A0B40EE608B8";
    private const string Requirement = "GLIBCXX_3.4.32";
    private const int VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const byte WeakFlag = 0x2; // VER_FLG_WEAK

    [Required]
    public string Source { get; set; }

    [Required]
    public string Destination { get; set; }

    [Output]
    public bool Done { get; set; }

    public override bool Execute()
    {
        byte[] file = File.ReadAllBytes(Source);
        if (Hash(file) != KnownSha256)
        {
            Log.LogMessage(MessageImportance.Low, "HslEmbeddingZero: " + Source + " is not the library of TorchSharp 0.107.0; left as it is.");
            return true;
        }

        int flags = FindRequirement(file);
        if (flags < 0)
        {
            Log.LogWarning("HslEmbeddingZero: no requirement of " + Requirement + " found in " + Source + "; left as it is.");
            return true;
        }

        file[flags] |= WeakFlag;
        if (!File.Exists(Destination) || Hash(File.ReadAllBytes(Destination)) != Hash(file))
        {
            // A new file under a temporary name, so that no reader sees half of it and no hard link leads back into the package cache.
            Directory.CreateDirectory(Path.GetDirectoryName(Destination));
            string temporary = Destination + "." + Guid.NewGuid().ToString("N");
            File.WriteAllBytes(temporary, file);
            if (File.Exists(Destination)) File.Delete(Destination);
            File.Move(temporary, Destination);
        }

        Log.LogMessage(MessageImportance.High, "HslEmbeddingZero: using a copy of libLibTorchSharp.so whose unused requirement of "
            + Requirement + " is weak, so that it loads on systems older than GCC 13 (HslFixTorchSharp=false turns this off).");
        Done = true;
        return true;
    }

    /// <summary>Offset of the low byte of vna_flags of the wanted requirement, or -1. ELF64, little-endian.</summary>
    private static int FindRequirement(byte[] file)
    {
        int sections = (int)BitConverter.ToInt64(file, 0x28);
        int sectionSize = BitConverter.ToUInt16(file, 0x3a);
        int sectionCount = BitConverter.ToUInt16(file, 0x3c);
        for (int s = 0; s < sectionCount; s++)
        {
            int header = sections + s * sectionSize;
            if (BitConverter.ToInt32(file, header + 4) != VersionNeedSection) continue;
            int strings = (int)BitConverter.ToInt64(file, sections + BitConverter.ToInt32(file, header + 0x28) * sectionSize + 0x18);
            int need = (int)BitConverter.ToInt64(file, header + 0x18);
            while (true)
            {
                int count = BitConverter.ToUInt16(file, need + 2);
                int entry = need + BitConverter.ToInt32(file, need + 8);
                for (int i = 0; i < count; i++)
                {
                    if (Name(file, strings + BitConverter.ToInt32(file, entry + 8)) == Requirement) return entry + 4;
                    entry += BitConverter.ToInt32(file, entry + 12);
                }

                int next = BitConverter.ToInt32(file, need + 12);
                if (next == 0) break;
                need += next;
            }
        }

        return -1;
    }

    private static string Name(byte[] file, int start)
    {
        int end = start;
        while (file[end] != 0) end++;
        return Encoding.ASCII.GetString(file, start, end - start);
    }

    private static string Hash(byte[] bytes)
    {
        using (SHA256 sha = SHA256.Create()) return BitConverter.ToString(sha.ComputeHash(bytes)).Replace("-", "");
    }
}

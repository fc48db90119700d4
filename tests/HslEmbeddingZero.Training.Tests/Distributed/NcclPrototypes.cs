using System.Globalization;
using System.Text;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>
/// What NCCL's public header says of the functions and values that the library uses: NCCL 2.30.7, file src/nccl.h.in of
/// https://github.com/NVIDIA/nccl. Both sides of the tests follow this table: <see cref="NcclLibrary"/> is compared with it, and the
/// stand-in is compiled against it.
/// </summary>
internal static class NcclPrototypes
{
    public const int UniqueIdBytes = 128;

    public static IReadOnlyList<Prototype> Functions { get; } =
    [
        new("ncclGetVersion", "ncclResult_t", "int*"),
        new("ncclGetUniqueId", "ncclResult_t", "ncclUniqueId*"),
        new("ncclCommInitRank", "ncclResult_t", "ncclComm_t*", "int", "ncclUniqueId", "int"),
        new("ncclAllReduce", "ncclResult_t",
            "const void*", "void*", "size_t", "ncclDataType_t", "ncclRedOp_t", "ncclComm_t", "cudaStream_t"),
        new("ncclAllGather", "ncclResult_t", "const void*", "void*", "size_t", "ncclDataType_t", "ncclComm_t", "cudaStream_t"),
        new("ncclBroadcast", "ncclResult_t", "const void*", "void*", "size_t", "ncclDataType_t", "int", "ncclComm_t", "cudaStream_t"),
        new("ncclCommGetAsyncError", "ncclResult_t", "ncclComm_t", "ncclResult_t*"),
        new("ncclGetErrorString", "const char*", "ncclResult_t"),
        new("ncclGetLastError", "const char*", "ncclComm_t"),
        new("ncclCommAbort", "ncclResult_t", "ncclComm_t"),
        new("ncclCommDestroy", "ncclResult_t", "ncclComm_t"),
        new("ncclCommFinalize", "ncclResult_t", "ncclComm_t"),
    ];

    public static IReadOnlyDictionary<string, int> Values { get; } = new Dictionary<string, int>
    {
        ["ncclSuccess"] = 0,
        ["ncclUnhandledCudaError"] = 1,
        ["ncclSystemError"] = 2,
        ["ncclInternalError"] = 3,
        ["ncclInvalidArgument"] = 4,
        ["ncclInvalidUsage"] = 5,
        ["ncclRemoteError"] = 6,
        ["ncclInProgress"] = 7,
        ["ncclUint8"] = 1,
        ["ncclInt64"] = 4,
        ["ncclFloat32"] = 7,
        ["ncclFloat64"] = 8,
        ["ncclBfloat16"] = 9,
        ["ncclSum"] = 0,
    };

    /// <summary>The C# type that passes a C type: enumerations are int, streams and communicators are addresses.</summary>
    public static unsafe Type Passing(string type) => type switch
    {
        "int" or "ncclResult_t" or "ncclDataType_t" or "ncclRedOp_t" => typeof(int),
        "int*" or "ncclResult_t*" => typeof(int*),
        "ncclUniqueId" => typeof(NcclUniqueId),
        "ncclUniqueId*" => typeof(NcclUniqueId*),
        "ncclComm_t" or "cudaStream_t" or "const void*" or "void*" => typeof(nint),
        "ncclComm_t*" => typeof(nint*),
        "size_t" => typeof(nuint),
        "const char*" => typeof(byte*),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such type in the table"),
    };

    /// <summary>The table as a C header.</summary>
    public static string Header()
    {
        StringBuilder text = new();
        text.AppendLine("#include <stddef.h>");
        text.AppendLine("typedef struct ncclComm* ncclComm_t;");
        text.AppendLine("typedef struct CUstream_st* cudaStream_t;");
        text.AppendLine(CultureInfo.InvariantCulture, $"typedef struct {{ char internal[{UniqueIdBytes}]; }} ncclUniqueId;");
        foreach ((string name, string[] values) in new (string, string[])[]
        {
            ("ncclResult_t", ["ncclSuccess", "ncclUnhandledCudaError", "ncclSystemError", "ncclInternalError", "ncclInvalidArgument",
                "ncclInvalidUsage", "ncclRemoteError", "ncclInProgress"]),
            ("ncclDataType_t", ["ncclUint8", "ncclInt64", "ncclFloat32", "ncclFloat64", "ncclBfloat16"]),
            ("ncclRedOp_t", ["ncclSum"]),
        })
        {
            IEnumerable<string> assigned = values.Select(value => FormattableString.Invariant($"{value} = {Values[value]}"));
            text.AppendLine(CultureInfo.InvariantCulture, $"typedef enum {{ {string.Join(", ", assigned)} }} {name};");
            text.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert(sizeof({name}) == sizeof(int), \"{name} is passed as int\");");
        }

        foreach (Prototype function in Functions)
            text.AppendLine(CultureInfo.InvariantCulture, $"{function.Returns} {function.Name}({string.Join(", ", function.Parameters)});");
        return text.ToString();
    }

    internal sealed record Prototype(string Name, string Returns, params string[] Parameters);
}

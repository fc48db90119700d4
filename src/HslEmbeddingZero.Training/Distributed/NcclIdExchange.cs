using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Brings the id of rank 0 to all other ranks over TCP, where no MPI connects them. Rank 0 listens, and every other rank connects once.
/// </summary>
/// <remarks>
/// A rank sends 20 bytes: magic (8), version, rank and size. Rank 0 answers 144 bytes: magic (8), an answer, its own size, and the id. The
/// rank confirms with one byte. Numbers are little-endian int32. Anybody else who connects gets nothing and stops nobody.
/// </remarks>
/// <param name="Address">Name or IP address of rank 0 (MASTER_ADDR).</param>
/// <param name="Port">The port where rank 0 listens (MASTER_PORT), 1 to 65535.</param>
/// <param name="Rank">0 to <paramref name="Size"/> - 1.</param>
/// <param name="Size">The number of ranks, 2 or more.</param>
internal sealed record NcclIdExchange(string Address, int Port, int Rank, int Size)
{
    /// <summary>torchrun sets this variable to True if its own agent listens at MASTER_PORT.</summary>
    public const string AgentStoreVariable = "TORCHELASTIC_USE_AGENT_STORE";

    internal const int Version = 1;
    internal const int HelloLength = 20;
    internal const int AnswerLength = 16 + NcclUniqueId.Length;

    private const int ListedRanks = 16;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    internal enum Answer
    {
        Id,
        OtherVersion,
        OtherSize,
        RankOutOfRange,
        RankTwice,
    }

    private enum Served
    {
        No,
        Now,
        Yes,
    }

    /// <summary>How long this rank waits for the others.</summary>
    /// <value>Two minutes by default: processes of a large job do not start at the same time.</value>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one connection may take, from its start to its end.</summary>
    /// <value>5 seconds by default.</value>
    public TimeSpan ConnectionLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where rank 0 writes a line for every rank that it refuses.</summary>
    public TextWriter Log { get; init; } = Console.Error;

    internal static ReadOnlySpan<byte> Magic => "HSLNCCL\n"u8;

    /// <summary>
    /// The port to use. torchrun's agent may hold MASTER_PORT itself; then it is the next one. Every rank comes to the same result.
    /// </summary>
    /// <param name="masterPort">MASTER_PORT.</param>
    /// <param name="agentStore">The value of TORCHELASTIC_USE_AGENT_STORE, or null.</param>
    public static int PortBeside(int masterPort, string? agentStore) =>
        agentStore != "True" ? masterPort : masterPort < IPEndPoint.MaxPort ? masterPort + 1 : masterPort - 1;

    /// <summary>On rank 0, gives the id to all other ranks. On the others, fills the array with it. Returns when it is done.</summary>
    /// <param name="id">128 bytes.</param>
    /// <exception cref="ProcessGroupException">
    /// Not all ranks met within <see cref="Limit"/>, the port is in use on rank 0, or rank 0 refuses this rank.
    /// </exception>
    public void Share(byte[] id)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(id.Length, NcclUniqueId.Length);
        Task.Run(() => Rank == 0 ? GiveAsync(id) : FetchAsync(id)).GetAwaiter().GetResult();
    }

    private string Endpoint => string.Create(CultureInfo.InvariantCulture, $"{(Address.Contains(':') ? $"[{Address}]" : Address)}:{Port}");

    private string Seconds => Limit.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private string Me => string.Create(CultureInfo.InvariantCulture, $"rank {Rank} of {Size}");

    private async Task GiveAsync(byte[] id)
    {
        using Socket listener = Listen();
        using CancellationTokenSource end = new();
        Callers callers = new(this, end);
        end.CancelAfter(Limit);
        List<Task> answering = [];
        while (!end.IsCancellationRequested)
        {
            try
            {
                Socket caller = await listener.AcceptAsync(end.Token).ConfigureAwait(false);
                answering.RemoveAll(task => task.IsCompleted);
                answering.Add(callers.AnswerAsync(caller, id));
            }
            catch (SocketException)
            {
                // The caller is gone already, or too many files are open.
                await Task.Delay(RetryInterval, CancellationToken.None).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // All ranks are served, or the time is up.
            }
        }

        await Task.WhenAll(answering).ConfigureAwait(false);
        int[] missing = callers.Missing();
        if (missing.Length == 0) return;
        string listed = string.Join(", ", missing.Take(ListedRanks).Select(rank => rank.ToString(CultureInfo.InvariantCulture)));
        string more = missing.Length > ListedRanks ? FormattableString.Invariant($" and {missing.Length - ListedRanks} more") : "";
        throw new ProcessGroupException($"{Me} waited at {Endpoint} for {Seconds} s; these ranks did not come: {listed}{more}. "
            + "Check that they run, and that MASTER_ADDR, MASTER_PORT and WORLD_SIZE are the same everywhere.");
    }

    /// <summary>
    /// Listens on all interfaces: the address of rank 0 may be one that only the others know. Only a loopback address is taken literally.
    /// </summary>
    private Socket Listen()
    {
        bool isLocal = string.Equals(Address, "localhost", StringComparison.OrdinalIgnoreCase);
        if (IPAddress.TryParse(Address, out IPAddress? literal))
        {
            literal = Unmapped(literal);
            isLocal = IPAddress.IsLoopback(literal);
        }

        try
        {
            if (isLocal) return ListenAt(literal ?? IPAddress.Loopback);
            try
            {
                if (Socket.OSSupportsIPv6) return ListenAt(IPAddress.IPv6Any);
            }
            catch (SocketException error) when (error.SocketErrorCode != SocketError.AddressAlreadyInUse)
            {
                // IPv6 is compiled in but switched off.
            }

            return ListenAt(IPAddress.Any);
        }
        catch (SocketException error)
        {
            string cure = Environment.GetEnvironmentVariable(AgentStoreVariable) is null
                ? "Set MASTER_PORT to a free port on every rank."
                : "Give torchrun another --master-port, or set TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 for it.";
            throw new ProcessGroupException($"{Me} cannot listen at {Endpoint}: {error.Message}. {cure}", error);
        }
    }

    private Socket ListenAt(IPAddress address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, Port));
            socket.Listen(Math.Max(Size, 128));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task FetchAsync(byte[] id)
    {
        using CancellationTokenSource end = new(Limit);
        string last = "there was no answer";
        while (true)
        {
            try
            {
                foreach (IPAddress address in await Dns.GetHostAddressesAsync(Address, end.Token).ConfigureAwait(false))
                {
                    (bool isFetched, string? fault) = await TryFetchAsync(Unmapped(address), id, end.Token).ConfigureAwait(false);
                    if (isFetched) return;
                    last = fault ?? last;
                }
            }
            catch (SocketException error)
            {
                last = error.Message; // The name is not known yet.
            }
            catch (OperationCanceledException)
            {
                // The time is up.
            }

            if (end.IsCancellationRequested)
            {
                throw new ProcessGroupException($"{Me} got no id from rank 0 at {Endpoint} within {Seconds} s; the last try: {last}. "
                    + "Check that rank 0 runs, and that MASTER_ADDR and MASTER_PORT are its own.");
            }

            await Task.WhenAny(Task.Delay(RetryInterval, end.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>One connection to one address. A fault may pass: rank 0 is not there yet, or another program is.</summary>
    /// <exception cref="ProcessGroupException">Rank 0 refuses this rank.</exception>
    private async Task<(bool IsFetched, string? Fault)> TryFetchAsync(IPAddress address, byte[] id, CancellationToken end)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(end);
        limit.CancelAfter(ConnectionLimit);
        byte[] answer = new byte[AnswerLength];
        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, Port, limit.Token).ConfigureAwait(false);
            // Linux can connect a socket to itself, if nobody listens and the system happens to give it this port.
            if (Equals(socket.LocalEndPoint, socket.RemoteEndPoint)) return (false, "nobody listens there");
            using NetworkStream stream = new(socket);
            await stream.WriteAsync(Hello(Version, Rank, Size), limit.Token).ConfigureAwait(false);
            await stream.ReadExactlyAsync(answer, limit.Token).ConfigureAwait(false);
            if (!answer.AsSpan().StartsWith(Magic)) return (false, "another program answers there");
            var result = (Answer)BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(8));
            if (result != Answer.Id)
            {
                string reason = Reason(result, Version, Rank, Size, BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(12)));
                throw new ProcessGroupException($"Rank 0 at {Endpoint} refuses {Me}: {reason}");
            }

            await stream.WriteAsync(new byte[1], limit.Token).ConfigureAwait(false);
            answer.AsSpan(16).CopyTo(id);
            return (true, null);
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return (false, error.Message);
        }
        catch (OperationCanceledException)
        {
            return (false, end.IsCancellationRequested ? null : "there was no answer");
        }
    }

    /// <summary>::ffff:127.0.0.1 is 127.0.0.1; sockets of IPv6 alone do not take it.</summary>
    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    internal static byte[] Hello(int version, int rank, int size)
    {
        byte[] hello = new byte[HelloLength];
        Magic.CopyTo(hello);
        BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(8), version);
        BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(12), rank);
        BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(16), size);
        return hello;
    }

    private static string Reason(Answer answer, int version, int rank, int size, int sizeOfRank0)
    {
        FormattableString reason = answer switch
        {
            Answer.OtherVersion => $"it speaks version {version} of the exchange; rank 0 speaks another. Run the same program everywhere.",
            Answer.OtherSize => $"its number of ranks is {size}, that of rank 0 is {sizeOfRank0}. Set the same WORLD_SIZE everywhere.",
            Answer.RankOutOfRange => $"its rank is {rank}; expected: 1 to {sizeOfRank0 - 1}. Check RANK.",
            _ => $"another process has rank {rank} already. Check RANK.",
        };
        return FormattableString.Invariant(reason);
    }

    /// <summary>Those who connect to rank 0.</summary>
    private sealed class Callers(NcclIdExchange exchange, CancellationTokenSource end)
    {
        private readonly Lock _gate = new();
        private readonly Served[] _served = new Served[exchange.Size]; // element 0 is not used

        public int[] Missing()
        {
            lock (_gate) return [.. Enumerable.Range(1, exchange.Size - 1).Where(rank => _served[rank] != Served.Yes)];
        }

        /// <summary>Answers one caller and closes the connection. Never throws.</summary>
        public async Task AnswerAsync(Socket caller, byte[] id)
        {
            int? taken = null;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
                limit.CancelAfter(exchange.ConnectionLimit);
                using NetworkStream stream = new(caller, ownsSocket: true);
                byte[] hello = new byte[HelloLength];
                await stream.ReadExactlyAsync(hello, limit.Token).ConfigureAwait(false);
                if (!hello.AsSpan().StartsWith(Magic)) return;
                (int version, int rank, int size) = Read(hello);
                Answer answer = await TakeAsync(version, rank, size, limit.Token).ConfigureAwait(false);
                if (answer == Answer.Id) taken = rank;
                else Report(caller, answer, version, rank, size);

                await stream.WriteAsync(Reply(answer, id), limit.Token).ConfigureAwait(false);
                if (answer != Answer.Id) return;
                await stream.ReadExactlyAsync(new byte[1], limit.Token).ConfigureAwait(false);
                Release(rank, Served.Yes);
                taken = null;
            }
            catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
            {
                // A stranger, or a rank that will come again.
            }
            finally
            {
                if (taken is { } lost) Release(lost, Served.No);
                caller.Dispose();
            }

            if (Missing().Length == 0) await end.CancelAsync().ConfigureAwait(false);
        }

        /// <summary>
        /// Judges a rank and reserves its place. If another connection of the rank is open, it waits for the end of that one: a rank that
        /// was not served in time comes again before rank 0 knows that the first connection is lost.
        /// </summary>
        private async Task<Answer> TakeAsync(int version, int rank, int size, CancellationToken limit)
        {
            if (version != Version) return Answer.OtherVersion;
            if (size != exchange.Size) return Answer.OtherSize;
            if (rank < 1 || rank >= exchange.Size) return Answer.RankOutOfRange;
            while (true)
            {
                lock (_gate)
                {
                    if (_served[rank] == Served.Yes) return Answer.RankTwice;
                    if (_served[rank] == Served.No)
                    {
                        _served[rank] = Served.Now;
                        return Answer.Id;
                    }
                }

                await Task.Delay(RetryInterval, limit).ConfigureAwait(false);
            }
        }

        private void Release(int rank, Served served)
        {
            lock (_gate) _served[rank] = served;
        }

        private void Report(Socket caller, Answer answer, int version, int rank, int size)
        {
            string who = string.Create(CultureInfo.InvariantCulture, $"rank {rank} of {size} from {caller.RemoteEndPoint}");
            exchange.Log.WriteLine($"Rank 0 at {exchange.Endpoint} refuses {who}: {Reason(answer, version, rank, size, exchange.Size)}");
        }

        private byte[] Reply(Answer answer, byte[] id)
        {
            byte[] reply = new byte[AnswerLength];
            Magic.CopyTo(reply);
            BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(8), (int)answer);
            BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(12), exchange.Size);
            if (answer == Answer.Id) id.CopyTo(reply, 16);
            return reply;
        }

        private static (int Version, int Rank, int Size) Read(byte[] hello) => (
            BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(8)), BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(12)),
            BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(16)));
    }
}

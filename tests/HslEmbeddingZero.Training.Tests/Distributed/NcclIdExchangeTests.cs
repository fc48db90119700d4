using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace HslEmbeddingZero.Training.Tests.Distributed;

public sealed class NcclIdExchangeTests
{
    private static readonly byte[] Id = [.. Enumerable.Range(100, 128).Select(value => (byte)value)];

    [Theory]
    [InlineData(2, "127.0.0.1")]
    [InlineData(4, "127.0.0.1")]
    [InlineData(3, "localhost")]
    public void Every_rank_gets_the_id_of_rank_0(int size, string address)
    {
        int port = FreePort();
        byte[][] ids = NewIds(size);
        NcclStandIn.OnRanks(size, rank => Exchange(rank, size, port, address: address).Share(ids[rank]));
        Assert.All(ids, id => Assert.Equal(Id, id));
    }

    [SkippableTheory]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    public void An_address_of_IPv6_works(string address)
    {
        Skip.IfNot(HasLoopbackOfIPv6(), "This system has no IPv6 loopback address.");
        int port = FreePort();
        byte[][] ids = NewIds(2);
        NcclStandIn.OnRanks(2, rank => Exchange(rank, 2, port, address: address).Share(ids[rank]));
        Assert.Equal(Id, ids[1]);
    }

    [Fact]
    public void A_name_that_only_the_others_resolve_to_rank_0_works()
    {
        int port = FreePort();
        byte[][] ids = NewIds(2);
        // Rank 0 listens on all its addresses, as its own name for itself says nothing.
        string[] addresses = [Dns.GetHostName(), "127.0.0.1"];
        NcclStandIn.OnRanks(2, rank => Exchange(rank, 2, port, address: addresses[rank]).Share(ids[rank]));
        Assert.Equal(Id, ids[1]);
    }

    [Fact]
    public void Ranks_that_come_before_rank_0_wait_for_it()
    {
        int port = FreePort();
        byte[][] ids = NewIds(3);
        NcclStandIn.OnRanks(3, rank =>
        {
            if (rank == 0) Thread.Sleep(700);
            Exchange(rank, 3, port).Share(ids[rank]);
        });
        Assert.All(ids, id => Assert.Equal(Id, id));
    }

    [Fact]
    public void Strangers_get_nothing_and_hold_nobody_up()
    {
        int port = FreePort();
        byte[][] ids = NewIds(3);
        byte[] got = [1];
        var limit = TimeSpan.FromSeconds(50);
        long start = Stopwatch.GetTimestamp();
        List<TcpClient> strangers = [];
        NcclStandIn.OnRanks(3, rank =>
        {
            if (rank == 2)
            {
                strangers.Add(Connect(port)); // says nothing
                strangers.Add(Connect(port, NcclIdExchange.Hello(NcclIdExchange.Version, 1, 3)[..10])); // says half of it
                Connect(port).Dispose(); // a port scanner
                got = ReadToEnd(Connect(port, "GET / HTTP/1.1\r\nHost: rank0\r\n\r\n"u8.ToArray()));
            }

            Exchange(rank, 3, port, limit: limit, connectionLimit: limit).Share(ids[rank]);
        });
        Assert.True(Stopwatch.GetElapsedTime(start) < limit / 2); // nobody waited for a stranger's limit
        Assert.Empty(got);
        Assert.All(ids, id => Assert.Equal(Id, id));
        Assert.All(strangers, stranger => Assert.Empty(ReadToEnd(stranger)));
    }

    [Fact]
    public void A_rank_that_loses_its_connection_comes_again()
    {
        int port = FreePort();
        byte[][] ids = NewIds(2);
        NcclStandIn.OnRanks(2, rank =>
        {
            if (rank == 1)
            {
                TcpClient lost = Connect(port, NcclIdExchange.Hello(NcclIdExchange.Version, 1, 2));
                byte[] answer = new byte[NcclIdExchange.AnswerLength];
                lost.GetStream().ReadExactly(answer); // but it does not confirm
                Assert.Equal(Id, answer[16..]);
                new Thread(() =>
                {
                    Thread.Sleep(300); // rank 0 learns of the loss after the rank has come again
                    lost.Dispose();
                }).Start();
            }

            Exchange(rank, 2, port).Share(ids[rank]);
        });
        Assert.Equal(Id, ids[1]);
    }

    [Fact]
    public void Another_number_of_ranks_is_refused_on_both_sides()
    {
        (string log, string refused, byte[][] ids) = ShareWithIntruder(new(1, Size: 4));
        Assert.Equal("its number of ranks is 4, that of rank 0 is 3. Set the same WORLD_SIZE everywhere.", refused);
        Assert.Contains("refuses rank 1 of 4 from ", log, StringComparison.Ordinal);
        Assert.Contains(refused, log, StringComparison.Ordinal);
        Assert.All(ids, id => Assert.Equal(Id, id));
    }

    [Fact]
    public void A_rank_out_of_range_is_refused_on_both_sides()
    {
        (string log, string refused, byte[][] ids) = ShareWithIntruder(new(3, Size: 3));
        Assert.Equal("its rank is 3; expected: 1 to 2. Check RANK.", refused);
        Assert.Contains(refused, log, StringComparison.Ordinal);
        Assert.All(ids, id => Assert.Equal(Id, id));
    }

    [Fact]
    public void A_second_process_of_a_rank_is_refused_on_both_sides()
    {
        (string log, string refused, byte[][] ids) = ShareWithIntruder(new(1, Size: 3, AfterRank1: true));
        Assert.Equal("another process has rank 1 already. Check RANK.", refused);
        Assert.Contains(refused, log, StringComparison.Ordinal);
        Assert.All(ids, id => Assert.Equal(Id, id));
    }

    [Fact]
    public void Another_version_of_the_exchange_is_refused_with_an_answer()
    {
        int port = FreePort();
        byte[][] ids = NewIds(2);
        byte[] answer = new byte[NcclIdExchange.AnswerLength];
        StringWriter log = new();
        NcclStandIn.OnRanks(2, rank =>
        {
            if (rank == 1)
            {
                using TcpClient other = Connect(port, NcclIdExchange.Hello(99, 1, 2));
                other.GetStream().ReadExactly(answer);
            }

            Exchange(rank, 2, port, log: log).Share(ids[rank]);
        });
        Assert.Equal((int)NcclIdExchange.Answer.OtherVersion, BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(8)));
        Assert.All(answer[16..], value => Assert.Equal(0, value)); // no id
        Assert.Contains("version 99", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rank_0_names_the_ranks_that_did_not_come()
    {
        int port = FreePort();
        byte[][] ids = NewIds(4);
        Exception? error = null;
        NcclStandIn.OnRanks(3, rank =>
        {
            NcclIdExchange exchange = Exchange(rank, 4, port, limit: TimeSpan.FromSeconds(3));
            if (rank == 0) error = Record.Exception(() => exchange.Share(ids[0]));
            if (rank == 2) exchange.Share(ids[2]);
        });
        Assert.Equal($"rank 0 of 4 waited at 127.0.0.1:{port} for 3 s; these ranks did not come: 1, 3. "
            + "Check that they run, and that MASTER_ADDR, MASTER_PORT and WORLD_SIZE are the same everywhere.",
            Assert.IsType<ProcessGroupException>(error).Message);
        Assert.Equal(Id, ids[2]);
        using TcpListener next = new(IPAddress.Loopback, port); // the port is free again
        next.Start();
    }

    [Fact]
    public void Rank_0_names_only_the_first_of_many_missing_ranks()
    {
        int port = FreePort();
        string message = Assert.Throws<ProcessGroupException>(
            () => Exchange(0, 1000, port, limit: TimeSpan.FromMilliseconds(200)).Share(NewIds(1)[0])).Message;
        Assert.Contains(": 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 and 983 more. ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_that_finds_no_rank_0_names_address_and_port()
    {
        int port = FreePort();
        string message = Assert.Throws<ProcessGroupException>(
            () => Exchange(1, 2, port, limit: TimeSpan.FromMilliseconds(500)).Share(new byte[128])).Message;
        Assert.StartsWith($"rank 1 of 2 got no id from rank 0 at 127.0.0.1:{port} within 0.5 s; the last try: ", message,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_rank_that_meets_another_program_or_silence_gives_up_at_the_limit()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        int port = ((IPEndPoint)silent.LocalEndpoint).Port;
        long start = Stopwatch.GetTimestamp();
        NcclIdExchange exchange = Exchange(1, 2, port, limit: TimeSpan.FromSeconds(1), connectionLimit: TimeSpan.FromMilliseconds(300));
        string message = Assert.Throws<ProcessGroupException>(() => exchange.Share(new byte[128])).Message;
        Assert.Contains("the last try: there was no answer", message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 10);
    }

    [Fact]
    public void A_name_that_does_not_resolve_is_told_at_the_limit()
    {
        string message = Assert.Throws<ProcessGroupException>(() =>
            Exchange(1, 2, 29500, "no-such-host.invalid", TimeSpan.FromMilliseconds(500)).Share(new byte[128])).Message;
        Assert.StartsWith("rank 1 of 2 got no id from rank 0 at no-such-host.invalid:29500 within 0.5 s; the last try: ", message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_in_use_on_rank_0_is_one_line()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        string message = Assert.Throws<ProcessGroupException>(() => Exchange(0, 2, port).Share((byte[])Id.Clone())).Message;
        Assert.StartsWith($"rank 0 of 2 cannot listen at 127.0.0.1:{port}: ", message, StringComparison.Ordinal);
        Assert.Contains("MASTER_PORT", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData(29500, null, 29500)]
    [InlineData(29500, "False", 29500)]
    [InlineData(29500, "True", 29501)]
    [InlineData(65535, "True", 65534)]
    public void A_port_that_torchrun_holds_itself_is_left_to_it(int masterPort, string? agentStore, int expected) =>
        Assert.Equal(expected, NcclIdExchange.PortBeside(masterPort, agentStore));

    /// <summary>Ranks 0 to 2 share an id, and meanwhile another process comes. Returns what rank 0 logs and the intruder gets.</summary>
    private static (string Log, string Refused, byte[][] Ids) ShareWithIntruder(Intruder intruder)
    {
        int port = FreePort();
        byte[][] ids = NewIds(3);
        StringWriter log = new();
        Exception? error = null;
        using ManualResetEventSlim isRefused = new(), hasRank1 = new();
        NcclStandIn.OnRanks(4, rank =>
        {
            if (rank == 3)
            {
                if (intruder.AfterRank1) Assert.True(hasRank1.Wait(TimeSpan.FromSeconds(20)));
                error = Record.Exception(() => Exchange(intruder.Rank, intruder.Size, port).Share(new byte[128]));
                isRefused.Set();
                return;
            }

            if (rank == 2 || (rank == 1 && !intruder.AfterRank1)) Assert.True(isRefused.Wait(TimeSpan.FromSeconds(20)));
            Exchange(rank, 3, port, log: log).Share(ids[rank]);
            if (rank == 1) hasRank1.Set();
        });
        string prefix = $"Rank 0 at 127.0.0.1:{port} refuses rank {intruder.Rank} of {intruder.Size}: ";
        string message = Assert.IsType<ProcessGroupException>(error).Message;
        Assert.StartsWith(prefix, message, StringComparison.Ordinal);
        Assert.Single(log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return (log.ToString(), message[prefix.Length..], ids);
    }

    private static NcclIdExchange Exchange(int rank, int size, int port, string address = "127.0.0.1", TimeSpan? limit = null,
        TimeSpan? connectionLimit = null, TextWriter? log = null) => new(address, port, rank, size)
        {
            Limit = limit ?? TimeSpan.FromSeconds(30),
            ConnectionLimit = connectionLimit ?? TimeSpan.FromSeconds(5),
            Log = log ?? TextWriter.Null,
        };

    private static byte[][] NewIds(int size) =>
        [.. Enumerable.Range(0, size).Select(rank => rank == 0 ? (byte[])Id.Clone() : new byte[128])];

    /// <summary>Connects as soon as rank 0 listens, and says something.</summary>
    private static TcpClient Connect(int port, byte[]? words = null)
    {
        for (int attempt = 0; ; attempt++)
        {
            TcpClient client = new();
            try
            {
                client.Connect(IPAddress.Loopback, port);
                if (words is not null) client.GetStream().Write(words);
                return client;
            }
            catch (SocketException) when (attempt < 200)
            {
                client.Dispose();
                Thread.Sleep(50);
            }
        }
    }

    /// <summary>What the other side says before it closes the connection; closing it hard says nothing more.</summary>
    private static byte[] ReadToEnd(TcpClient client)
    {
        using MemoryStream read = new();
        client.ReceiveTimeout = 20_000;
        try
        {
            client.GetStream().CopyTo(read);
        }
        catch (IOException error) when (error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
        }

        client.Dispose();
        return read.ToArray();
    }

    private static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static bool HasLoopbackOfIPv6()
    {
        if (!Socket.OSSupportsIPv6) return false;
        try
        {
            using TcpListener probe = new(IPAddress.IPv6Loopback, 0);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private sealed record Intruder(int Rank, int Size, bool AfterRank1 = false);
}

using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>Every door gives the same output on a device as on the CPU.</summary>
public sealed class DoorDeviceTests
{
    // Frozen features come from the same tables and must be equal. Learned doors end in a sum whose order depends on the device.
    private const double LearnedTolerance = 5e-5; // for a sum of 216 products in float32

    public static TheoryData<string, string> ArmsAndDevices
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string arm in DoorArms.Names)
            {
                foreach (string device in (string[])["cpu", "cuda"]) data.Add(arm, device);
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(ArmsAndDevices))]
    public void A_door_gives_on_a_device_what_it_gives_on_the_CPU(string arm, string deviceName)
    {
        Device device = TestDevice.Require(deviceName);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable quiet = no_grad();
        manual_seed(4);
        Tensor bytes = randint(0, 256, [3, 37], ScalarType.Byte);
        Tensor ids = bytes.to(ScalarType.Int16);
        ids.select(1, 7).fill_(ByteIds.EndOfSequence);
        using InputDoor door = DoorArms.Create(arm, arm == "one-hot" ? 1 : 8, 256, seed: 2);
        Tensor[] expected = Outputs(CPU);
        door.to(device);
        Tensor[] actual = Outputs(device);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(device.type, actual[i].device_type);
            double difference = (actual[i].cpu() - expected[i]).abs().max().item<float>();
            Assert.True(difference <= (door.LearnedParameters == 0 ? 0 : LearnedTolerance), $"output {i} differs by {difference}");
        }

        Tensor[] Outputs(Device place)
        {
            Tensor someBytes = bytes.to(place), someIds = ids.to(place);
            List<Tensor> outputs = [door.forward(someBytes), door.forward(someIds), door.Stream(someBytes), door.Stream(someIds)];
            if (door is ZeroDoor zero)
            {
                outputs.AddRange(outputs.Take(4).Select(output => full_like(output, float.NaN)).ToList());
                zero.WriteSlots(someBytes, outputs[4]);
                zero.WriteSlots(someIds, outputs[5]);
                zero.WriteStream(someBytes, outputs[6]);
                zero.WriteStream(someIds, outputs[7]);
            }

            return [.. outputs];
        }
    }
}

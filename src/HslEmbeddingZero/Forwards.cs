using System.Runtime.CompilerServices;
using HslEmbeddingZero;

#pragma warning disable RS0041 // The compiler writes members of record structs without annotations.

// Types that were in this assembly before. A program that was built then still finds them here.
[assembly: TypeForwardedTo(typeof(ByteIds))]
[assembly: TypeForwardedTo(typeof(ByteTransformerOptions))]
[assembly: TypeForwardedTo(typeof(ChannelScaling))]
[assembly: TypeForwardedTo(typeof(ControlKind))]
[assembly: TypeForwardedTo(typeof(GenerationOptions))]
[assembly: TypeForwardedTo(typeof(HslChannelGroup))]
[assembly: TypeForwardedTo(typeof(HslChannels))]
[assembly: TypeForwardedTo(typeof(HslCodec))]
[assembly: TypeForwardedTo(typeof(HslContext))]
[assembly: TypeForwardedTo(typeof(HslFeatureOptions))]
[assembly: TypeForwardedTo(typeof(HslFeatures))]
[assembly: TypeForwardedTo(typeof(HslFrame))]
[assembly: TypeForwardedTo(typeof(NgramCodes))]
[assembly: TypeForwardedTo(typeof(SafetensorsEntry))]
[assembly: TypeForwardedTo(typeof(SafetensorsException))]
[assembly: TypeForwardedTo(typeof(SafetensorsHeader))]
[assembly: TypeForwardedTo(typeof(SlotTail))]
[assembly: TypeForwardedTo(typeof(TextGeneration))]

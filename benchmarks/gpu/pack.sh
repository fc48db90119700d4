#!/usr/bin/env bash
# Publishes table, benchmarks and tests without a libtorch, for a machine that has a Python PyTorch but no .NET:
#   benchmarks/gpu/pack.sh [folder]          makes folder/app and folder/app.tar.zst (artifacts/gpu where none is named)
# There: unpack, then ./run.sh. Everything that is needed to rebuild in the usual way is restored by the next ordinary build.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-artifacts/gpu}
limit_mib=60

rm -rf "$out"
mkdir -p "$out"
# Each into a folder of its own, as a publish leaves alone what another one wrote later.
for project in benchmarks/HslEmbeddingZero.Benchmarks tests/HslEmbeddingZero.TestRunner samples/BpbTable; do
  dotnet publish -c Release -r linux-x64 --self-contained -p:TorchBackend=none -o "$out/part" "$project"
  mkdir -p "$out/app"
  cp -r "$out/part/." "$out/app/"
  rm -rf "$out/part"
done
cp -r benchmarks/peer benchmarks/gpu/run.sh "$out/app/"
tar -C "$out/app" -cf - . | zstd -19 -T0 -q -o "$out/app.tar.zst"
bytes=$(stat -c %s "$out/app.tar.zst")
echo "$out/app.tar.zst: $((bytes / 1048576)) MiB compressed, $(du -sm "$out/app" | cut -f1) MiB unpacked"
if [ "$bytes" -gt $((limit_mib * 1048576)) ]; then
  echo "The archive is above $limit_mib MiB." >&2
  exit 1
fi

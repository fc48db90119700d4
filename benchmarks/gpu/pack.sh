#!/usr/bin/env bash
# Publishes the table, the device benchmarks and the device tests without a libtorch, for a machine that has a GPU and a Python PyTorch but no .NET:
#   benchmarks/gpu/pack.sh [folder]          makes folder/app.tar.xz (artifacts/gpu where none is named)
# On that machine, the archive must be in artifacts/gpu of a working tree; benchmarks/gpu/run.sh unpacks it. Working tree and archive
# together stay below LIMIT_MIB (60), for transfers with a limit of 64 MiB.
# After this, the projects are restored for one runtime. The next ordinary build restores them as usual.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-artifacts/gpu}
limit_mib=${LIMIT_MIB:-60}
archive=$out/app.tar.xz
app=$out/app

rm -rf "$app" "$out/part" "$archive"
mkdir -p "$app"
# Each project gets its own folder: a publish does not overwrite newer files of another publish.
for project in benchmarks/HslEmbeddingZero.DeviceBenchmarks tests/HslEmbeddingZero.TestRunner samples/BpbTable; do
  dotnet publish -c Release -r linux-x64 --self-contained -p:TorchBackend=none -p:SatelliteResourceLanguages=en -o "$out/part" "$project"
  cp -r "$out/part/." "$app/"
  rm -rf "$out/part"
done

# Corpus and weights are in the working tree. Files for debuggers, IDEs and other languages are not needed there, nor is ONNX Runtime.
rm -rf "$app/data" "$app/weights"
find "$app" -type f \( -name '*.pdb' -o -name '*.xml' -o -name '*.resources.dll' -o -name createdump -o -name 'libmscor*' -o -name 'libclrgc*' \
  -o -name 'libonnxruntime*' \
  -o -name libcoreclrtraceptprovider.so -o -name 'testhost*' -o -name 'Microsoft.TestPlatform.*' -o -name 'Microsoft.VisualStudio.TestPlatform.*' \) -delete
find "$app" -mindepth 1 -type d -empty -delete
python3 benchmarks/gpu/strip_deps.py "$app"

git describe --always --dirty --abbrev=40 --exclude='*' >"$app/commit.txt"

# .NET takes SHA-256 from OpenSSL 3, which a minimal system may not have.
mkdir "$app/openssl"
for library in libssl.so.3 libcrypto.so.3; do
  found=$(ldconfig -p | awk -v name="$library" '$1 == name && /x86-64/ && !seen++ {print $NF}')
  if [ -n "$found" ]; then cp -L "$found" "$app/openssl/"; fi
done

# The size of the working tree: files that git tracks, and files that it does not ignore.
tree=$({ git ls-files -z --cached --others --exclude-standard | xargs -0 stat -c %s || true; } 2>/dev/null | awk '{sum += $1} END {print sum}')
mib() { awk -v bytes="$1" 'BEGIN {printf "%.1f", bytes / 1048576}'; }
pack() {
  tar -C "$app" --sort=name --owner=0 --group=0 --numeric-owner -cf - . | xz -9 -T0 >"$archive"
  bytes=$(stat -c %s "$archive")
  fits=$((tree + bytes <= limit_mib * 1048576))
}
pack
if [ "$fits" = 0 ] && [ -d "$app/openssl" ]; then
  echo "Without OpenSSL, which would make it $(mib $((tree + bytes))) MiB."
  rm -rf "$app/openssl"
  pack
fi
sum="working tree $(mib "$tree") MiB + archive $(mib "$bytes") MiB = $(mib $((tree + bytes))) MiB"
echo "$archive: $sum, limit $limit_mib MiB; unpacked $(du -sm "$app" | cut -f1) MiB"
rm -rf "$app"
if [ "$fits" = 0 ]; then
  echo "Too large to travel: $sum, and the limit is $limit_mib MiB." >&2
  exit 1
fi

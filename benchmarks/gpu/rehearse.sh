#!/usr/bin/env bash
# Rehearses run.sh on a CPU, with the smoke preset: four calls as on a machine with a GPU, each with an empty scratch folder:
#   benchmarks/gpu/rehearse.sh [folder]      works in the folder (a temporary one where none is named)
# The tree is a clone of the last commit, with the archive of pack.sh and nothing else. The PATH has no .NET.
#   call A   check probe
#   call B   table, killed with all its processes in the middle of a run
#   call C   table, resumed from the results of B, with a time limit in the middle of a run
#   call D   table, resumed from the results of C, to its end
#   HSL_TORCH_LIB   a libtorch 2.10 or 2.11 for the CPU; that of the NuGet cache where not set
#   STEPS           steps of each run of the table (200)
#   JOBS            concurrent runs of the table (2)
#   KEEP_ARCHIVE=1  uses the existing archive
# The peer needs PyTorch in the system's python3; without it, the peer is left out. The rehearsal takes some minutes.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$(mktemp -d)}
torch=${HSL_TORCH_LIB:-$(find "${NUGET_PACKAGES:-$HOME/.nuget/packages}/libtorch-cpu-linux-x64" -type d -name native 2>/dev/null | sort | tail -n 1)}
steps=${STEPS:-200}
passed=0 failed=0

verify() { # what, command ...
  local what=$1
  shift
  if "$@"; then passed=$((passed + 1)); echo "ok      $what"; else failed=$((failed + 1)); echo "FAILED  $what"; fi
}

# call name limit previous stage ...: one call on a machine without files of an earlier call. It uses one thread: threads that wait for each
# other are many times slower under other load.
call() {
  local name=$1 limit=$2 previous=$3
  shift 3
  mkdir -p "$folder/$name/out" "$folder/$name/tmp"
  cd "$folder/tree" || exit 1
  if [ -n "$previous" ]; then cp "$previous" artifacts/gpu/previous.tar.gz; fi
  exec setsid env -i HOME="$folder/$name/tmp" TMPDIR="$folder/$name/tmp" PATH=/usr/bin:/bin HSL_TORCH_LIB="$torch" OMP_NUM_THREADS=1 DEVICE=cpu PRESET=smoke STEPS="$steps" JOBS="${JOBS:-2}" \
    OUT="$folder/$name/out" SECONDS_LIMIT="$limit" ${previous:+PREVIOUS=artifacts/gpu/previous.tar.gz} benchmarks/gpu/run.sh "$@" >"$folder/$name/screen.txt" 2>&1
}

finished() { find "$folder/$1/tmp/hsl-gpu/results/table" -name '*.result.json' 2>/dev/null | wc -l; }

# The returned files: few, none too large, none incomplete.
returned() {
  local out=$folder/$1/out
  [ "$(find "$out" -type f | wc -l)" -le 8 ] && [ -z "$(find "$out" -type f -size +16M)" ] && [ -z "$(find "$out" -mindepth 1 ! -name log.txt ! -name results.tar.gz)" ] &&
    tar -tzf "$out/results.tar.gz" >"$folder/$1/list.txt"
}

unpack() { mkdir -p "$folder/$1/back" && tar -xzf "$folder/$1/out/results.tar.gz" -C "$folder/$1/back"; }

# The runs that one call returned are byte for byte the same in a later call.
kept() { # earlier, later
  local file same=0
  for file in "$folder/$1"/back/table/*.result.json; do cmp -s "$file" "$folder/$2/back/table/${file##*/}" || same=1; done
  return $same
}

rows() { grep -cE '^\| (zero|projection|embedding)' "$folder/$1/back/tables/$2.md"; }

summary() {
  echo "        $1: $(find "$folder/$1/out" -type f -printf '%f %s bytes, ')$(finished "$1") runs finished in its scratch, $(grep -c result.json "$folder/$1/list.txt") results came back"
}

if [ -z "$torch" ]; then echo "There is no libtorch; name one in HSL_TORCH_LIB." >&2; exit 1; fi
cd "$root" || exit 1
if [ -n "$(git status --porcelain)" ]; then echo "Note: what is not committed is not rehearsed."; fi
if [ "${KEEP_ARCHIVE:-0}" != 1 ]; then benchmarks/gpu/pack.sh || exit 1; fi
mkdir -p "$folder"
git clone --quiet . "$folder/tree" || exit 1
mkdir -p "$folder/tree/artifacts/gpu"
cp artifacts/gpu/app.tar.xz "$folder/tree/artifacts/gpu/"

stages=(check probe)
if ! PATH=/usr/bin:/bin python3 -c 'import torch' 2>/dev/null; then
  echo "The system's python3 has no torch: the peer is left out."
  stages=(check arms step doors)
fi
echo "Call A: ${stages[*]}"
(call A 300 "" "${stages[@]}")
verify "A ends with 0" [ $? = 0 ]
verify "A gives back few whole files" returned A
verify "A: the interrupted run went on" grep -q 'went on from its checkpoint' "$folder/A/screen.txt"
unpack A
verify "A: device tests passed" grep -q ' passed, 0 failed' "$folder/A/back/check/tests.txt"
verify "A: step times in two precisions" [ "$(grep -c 'median' "$folder/A/back/probe/step.txt")" -ge 4 ]
verify "A: bandwidth of the doors" grep -q 'WriteStream' "$folder/A/back/probe/doors.md"
summary A
sed 's/^/        /' "$folder/A/back/probe/pace.txt"

echo "Call B: table, killed in the middle of a run"
(call B 600 "$folder/A/out/results.tar.gz" table) &
group=$!
# Waits for two finished runs, and a third that has begun.
for ((i = 0; i < 3000; i++)); do
  if [ "$(finished B)" -ge 2 ] && [ "$(find "$folder/B/tmp/hsl-gpu/results/runs" -name '*.metrics.jsonl' -size +1k 2>/dev/null | wc -l)" -ge 1 ]; then break; fi
  if ! kill -0 $group 2>/dev/null; then break; fi
  sleep 0.1
done
kill -KILL -- -$group
wait $group 2>/dev/null
sleep 1
verify "B: no process is left" [ -z "$(pgrep -g $group -r R,S,D)" ]
verify "B gives back few whole files" returned B
unpack B
verify "B: two finished runs came back" [ "$(grep -c result.json "$folder/B/list.txt")" -ge 2 ]
summary B

echo "Call C: table, its own limit comes in the middle of a run"
pace=$(sed -n 's/^zero: \([0-9.]*\) ms.*/\1/p' "$folder/A/back/probe/pace.txt")
beside=$(sed -n 's/^beside the steps: \([0-9.]*\) s.*/\1/p' "$folder/A/back/probe/pace.txt")
# Time for one run and a half, and the time that run.sh reserves for the end.
limit=$(awk -v steps="$steps" -v pace="$pace" -v beside="$beside" 'BEGIN {printf "%d", 1.5 * (steps * pace / 1000 + beside) + 20}')
(call C "$limit" "$folder/B/out/results.tar.gz" table)
verify "C ends with 0" [ $? = 0 ]
verify "C gives back few whole files" returned C
unpack C
verify "C trained none of B's finished runs again" kept B C
verify "C: the checkpoint of the interrupted run came back" grep -q 'checkpoint.safetensors' "$folder/C/list.txt"
summary C

echo "Call D: table, to its end"
(call D 900 "$folder/C/out/results.tar.gz" table)
verify "D ends with 0" [ $? = 0 ]
verify "D gives back few whole files" returned D
unpack D
verify "D trained none of C's finished runs again" kept C D
half=$(basename "$(grep checkpoint.safetensors "$folder/C/list.txt")" .checkpoint.safetensors)
verify "D went on with $half where C was stopped" [ "$(head -n 1 "$folder/C/back/runs/$half/$half.metrics.jsonl")" = "$(head -n 1 "$folder/D/back/table/$half.metrics.jsonl")" ]
arms=$(find "$folder/D/back/table" -name '*-k8-seed0.result.json' | wc -l)
verify "D: the table of one seed is complete ($arms doors)" [ "$(rows D k8-seeds0)" = "$arms" ]
verify "D: the table of two seeds is complete" [ "$(rows D k8-seeds0-1)" = "$arms" ]
verify "D: the table of the other K is complete" [ "$(rows D k4-seeds0)" = 2 ]
verify "D: curves and JSON are there" [ -s "$folder/D/back/tables/k8-seeds0-1.png" ]
verify "D: no checkpoint is left" [ -z "$(grep checkpoint "$folder/D/list.txt")" ]
summary D
echo "$passed passed, $failed failed; all of it is in $folder"
[ $failed = 0 ]

#!/usr/bin/env bash
# Runs the project's GPU tests, benchmarks and trainings on a machine that has a GPU and a Python PyTorch but no .NET. It runs in a working
# tree with the archive of pack.sh:
#   benchmarks/gpu/run.sh stage ...
# Stages
#   check   versions, symbols of the native library, and the device tests
#   probe   arms (40 steps of every door, with an interrupt), step (times of a training step), doors (bandwidth), peer (the step in Python),
#           cpu (the library's step and Python's on this machine's processor); each of the five is also a separate stage
#   table   trains the doors, as many runs as fit into the time, and writes their tables
#   unpack  only unpacks; every other stage unpacks when needed
# Settings
#   OUT             the folder with the results (artifacts/gpu/out): log.txt, and results.tar.gz, made again every 20 s and after every run
#   SECONDS_LIMIT   seconds from the start after which this command is killed (590); it ends by itself before
#   MORE_SECONDS    seconds that a later call on the same machine will have (0); a run may begin here that only that call finishes
#   PREVIOUS        a results.tar.gz of an earlier call to resume from, or a folder such as benchmarks/results/h200
#   DEVICE          cuda (default) or cpu
#   PRESET          paper (default) or smoke, a rehearsal of a few minutes
#   PRECISION       bfloat16 (default), float32 or tf32
#   JOBS            concurrent runs of the table (1). A step waits for the host more than for the device, so two runs fill the gaps.
#   STEPS           steps of each run of the table (those of the preset)
#   HSL_TORCH_LIB   folder of libtorch (that of python3's PyTorch)
#   SHIM            a libLibTorchSharp.so that fits this libtorch, if that of the archive does not load
#   ARCHIVE         artifacts/gpu/app.tar.xz
#   SCRATCH         folder for unpacked and written files (hsl-gpu in the folder for temporary files)
# If a stage fails, it is reported and the next stage runs. The exit code is 1 if any failed.
set -uo pipefail
SECONDS=0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools=$root/benchmarks/gpu
out=${OUT:-$root/artifacts/gpu/out}
archive=${ARCHIVE:-$root/artifacts/gpu/app.tar.xz}
scratch=${SCRATCH:-${TMPDIR:-/tmp}/hsl-gpu}
app=$scratch/app results=$scratch/results
device=${DEVICE:-cuda} preset=${PRESET:-paper} precision=${PRECISION:-bfloat16}
limit=${SECONDS_LIMIT:-590}
export JOBS=${JOBS:-1}
most_bytes=$((16 * 1048576))   # of a returned file
if [ "$preset" = smoke ]; then
  arms_steps=60 table_steps=${STEPS:-6} body=quick other_k=4 grace=8 margin=4 carried_checkpoint=12M more=${MORE_SECONDS:-1000000} cpu_steps=3
  step_options="batch=1,4 steps=3" door_options="mebibytes=4,16 rounds=3" peer_options="--dim 256 --layers 2 --heads 4 --batch 1,4 --steps 3"
else
  arms_steps=40 table_steps=${STEPS:-3000} body=paper other_k=16 grace=20 margin=10 carried_checkpoint=0 more=${MORE_SECONDS:-0} cpu_steps=20
  step_options="batch=1,12,36 steps=20" door_options="parts=yes arm=zero,zero-ngram" peer_options="--batch 1,12,36 --steps 20"
fi
step_precisions=float32,bfloat16 peer_precisions=float32,bf16
if [ "$device" = cuda ]; then step_precisions=float32,tf32,bfloat16 peer_precisions=float32,tf32,bf16; fi
export ARMS=zero,projection,embedding,embedding-pooled,zero-standardized

# libtorch reads these when it is loaded. cuDNN's attention makes a plan for every new length, and generation has a new length at every
# byte.
export TORCH_CUDNN_SDPA_DEPRIORITIZED=${TORCH_CUDNN_SDPA_DEPRIORITIZED:-1}
export CUBLAS_WORKSPACE_CONFIG=${CUBLAS_WORKSPACE_CONFIG:-:4096:8}
export PYTHONUNBUFFERED=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

say() { echo "[$SECONDS s] $*"; }

# Libraries that the system's loader finds. ldconfig is in a folder that only root has on the PATH.
known_libraries() { PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null; }

# Seconds until this script must pack for the last time.
left() { echo $((limit - margin - SECONDS)); }

# limited seconds command ...: stops the command after so many seconds, or at the end of the call's time. It leaves time to write a
# checkpoint.
limited() {
  local most=$1 seconds
  shift
  seconds=$(($(left) - grace))
  if [ "$seconds" -gt "$most" ]; then seconds=$most; fi
  if [ "$seconds" -lt 1 ]; then
    echo "not started: the time is over"
    return 124
  fi
  # In the foreground: a separate process group would survive when this script is killed.
  timeout --foreground -s TERM -k "$grace" "$seconds" "$@"
}

# The newest checkpoint of an unfinished run, if it is small enough to be returned.
newest_checkpoint() {
  local file
  cd "$results" || return
  find runs -name '*.checkpoint.safetensors' ! -name '.*' -size "-$carried_checkpoint" -printf '%T@ %p\n' 2>/dev/null | sort -rn | cut -d ' ' -f 2- |
    head -n 1
}

# All results in one file. It is written elsewhere and then moved, so that a kill of this script leaves the last complete file.
pack() (
  flock 9
  cd "$results" || exit 1
  local_file=$scratch/results.tar.gz
  find . -type f ! -name '*.checkpoint.safetensors' ! -name '.*' ! -name '*.tmp' -print0 >"$scratch/packed.txt"
  checkpoint=$(newest_checkpoint)
  if [ -n "$checkpoint" ]; then
    { cat "$scratch/packed.txt"; printf '%s\0' "$checkpoint"; } | tar --null -T - -czf "$local_file" 2>/dev/null
  fi
  if [ -z "$checkpoint" ] || [ "$(stat -c %s "$local_file")" -gt $most_bytes ]; then
    tar --null -T "$scratch/packed.txt" -czf "$local_file" 2>/dev/null
  fi
  if [ "$(stat -c %s "$local_file")" -gt $most_bytes ]; then say "results.tar.gz is above 16 MiB: $(stat -c %s "$local_file") bytes"; fi
  cp "$local_file" "$out/.results.new" && mv -f "$out/.results.new" "$out/results.tar.gz"
) 9>"$scratch/pack.lock"

# Unpacks the missing files. Python does it, because the machine may have neither xz nor zstd.
unpack_new() { # archive, folder
  python3 -c 'import os, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    if hasattr(tarfile, "data_filter"): archive.extraction_filter = tarfile.data_filter
    for member in archive:
        if member.isdir() or not os.path.exists(os.path.join(sys.argv[2], member.name)): archive.extract(member, sys.argv[2])' "$1" "$2" 2>&1
}

unpack() {
  local sum
  if [ ! -f "$archive" ]; then
    say "There is no archive $archive; benchmarks/gpu/pack.sh makes it."
    return 1
  fi
  sum=$(sha256sum "$archive" | cut -d ' ' -f 1)
  if [ "$(cat "$scratch/unpacked.txt" 2>/dev/null)" = "$sum" ]; then return 0; fi
  rm -rf "$app"
  mkdir -p "$app"
  unpack_new "$archive" "$app" || return 1
  echo "$sum" >"$scratch/unpacked.txt"
  say "unpacked to $app"
}

# Prepares what every stage needs: programs, corpus, libtorch, and the results of an earlier call.
prepare() {
  local folder
  unpack || return 1
  # The programs expect the corpus in their own folder.
  ln -sfn "$root/samples/data" "$app/data"
  if [ -z "${HSL_TORCH_LIB:-}" ]; then
    HSL_TORCH_LIB=$(python3 -c 'import importlib.util, os
print(os.path.join(os.path.dirname(importlib.util.find_spec("torch").origin), "lib"))') || { say "python3 has no torch; HSL_TORCH_LIB can name a libtorch."; return 1; }
  fi
  export HSL_TORCH_LIB
  if [ "$device" = cuda ] && ldd "$HSL_TORCH_LIB/libtorch_cuda.so" 2>/dev/null | grep 'not found' >/dev/null; then
    # Python loads these by their full paths before libtorch; the loader needs their folders.
    for folder in "$HSL_TORCH_LIB"/../../nvidia/*/lib; do LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder; done
    export LD_LIBRARY_PATH
    say "the loader looks for CUDA in LD_LIBRARY_PATH"
  fi
  if [ -n "${PREVIOUS:-}" ]; then
    if [ -d "$PREVIOUS" ]; then
      # Files that exist already are kept.
      cp -r --update=none "$PREVIOUS/." "$results/" 2>/dev/null || cp -rn "$PREVIOUS/." "$results/" || return 1
    elif [ -f "$PREVIOUS" ]; then
      unpack_new "$PREVIOUS" "$results" || return 1
    else
      say "PREVIOUS=$PREVIOUS is no file and no folder."
      return 1
    fi
    say "carries on from $PREVIOUS: $(find "$results/table" -name '*.result.json' 2>/dev/null | wc -l) finished runs," \
      "$(find "$results/runs" -name '*.checkpoint.safetensors' 2>/dev/null | wc -l) with a checkpoint"
  fi

  if [ -n "${SHIM:-}" ]; then
    if [ ! -f "$SHIM" ]; then say "SHIM=$SHIM is no file."; return 1; fi
    cp "$SHIM" "$app/libLibTorchSharp.so"
    say "uses $SHIM in place of TorchSharp's native library"
  fi
  if ! known_libraries | grep 'libssl\.so\.3' >/dev/null && [ -d "$app/openssl" ]; then
    export LD_LIBRARY_PATH=$app/openssl${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    say "uses the OpenSSL of the archive"
  fi

  help=$("$app/BpbTable" --help) || { say "BpbTable does not start."; return 1; }
  # A door that only some versions have.
  if [ "$preset" != smoke ]; then # its width has no room for codes
    case $help in *zero-ngram*) ARMS=$ARMS,zero-ngram ;; esac
  fi
}

# The only place with the table's command line. A checkpoint of the paper's body takes seconds and is too large to return, so a run writes
# one only when it is interrupted: the next call may be on the same machine.
table_command() { # folder, more options ...
  local folder=$1
  shift
  command=("$app/BpbTable" --preset "$preset" --device "$device" --precision "$precision" --resume --checkpoint-minutes 0 --out "$folder" "$@")
}

plan() { # command, seconds, runs that others have taken
  python3 "$tools/plan.py" "$1" "$results" "$2" "$table_steps" "$ARMS" "$other_k" "${3:--}" "$more"
}

check() {
  local folder=$results/check failed=0 undefined
  mkdir -p "$folder"
  {
    date -u +%FT%TZ
    uname -srm
    grep PRETTY_NAME /etc/os-release
    getconf GNU_LIBC_VERSION
    echo "$(nproc) processors, $(awk '/MemTotal/ {printf "%.0f", $2 / 1048576}' /proc/meminfo) GiB"
    known_libraries | grep -E 'libssl\.so\.3|libstdc\+\+\.so\.6' || echo "no libssl.so.3, no libstdc++.so.6"
    limited 60 python3 -c 'import sys, torch
print("python", sys.version.split()[0], "torch", torch.__version__, "CUDA", torch.version.cuda, "cuDNN", torch.backends.cudnn.version())
for i in range(torch.cuda.device_count()): print(torch.cuda.get_device_name(i), torch.cuda.get_device_capability(i))'
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv 2>/dev/null || echo "no nvidia-smi"
    echo "libtorch: $HSL_TORCH_LIB"
    echo "packed from $(cat "$app/commit.txt")"
  } 2>&1 | tee -i "$folder/versions.txt"

  LD_LIBRARY_PATH=$HSL_TORCH_LIB${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} limited 90 ldd -r "$app/libLibTorchSharp.so" >"$folder/ldd.txt" 2>&1
  # Lines with "weak version" do not count: the build marked those versions as not needed.
  undefined=$(grep -v 'weak version' "$folder/ldd.txt" | grep -cE 'undefined symbol|not found|not a dynamic')
  if [ "$undefined" -gt 0 ]; then
    grep -v 'weak version' "$folder/ldd.txt" | grep -E 'undefined symbol|not found|not a dynamic' | head -n 20
    say "libLibTorchSharp.so lacks $undefined symbols or libraries of this libtorch; SHIM=file uses another build of it."
    failed=1
  else
    say "libLibTorchSharp.so finds all its symbols in this libtorch"
  fi

  # All symbols are bound at the start, so that a missing one shows here and not in the middle of a run.
  LD_BIND_NOW=1 limited 150 "$app/HslEmbeddingZero.TestRunner" Device 2>&1 | tee -i "$folder/tests.txt"
  if [ "${PIPESTATUS[0]}" != 0 ]; then
    failed=1
    if ! grep -q ' passed, ' "$folder/tests.txt"; then
      say "the device tests did not come to their end; again, each symbol when it is needed"
      limited 150 "$app/HslEmbeddingZero.TestRunner" Device 2>&1 | tee -i "$folder/tests-lazy.txt"
    fi
  fi
  return $failed
}

# Some steps of every door, interrupted once: shows that a run ends cleanly and resumes, and measures the pace of real training.
arms() {
  local folder=$results/probe failed=0 code before after start i command
  mkdir -p "$folder"
  table_command "$folder" --arms "$ARMS" --bytes-per-slot 8 --seeds 0 --steps "$arms_steps"
  if [ -z "$(find "$folder" -name '*.result.json')" ]; then
    start=$SECONDS
    # Does not call the function, so that $! is timeout, which passes the signal on to the program.
    timeout --foreground -s TERM -k "$grace" 120 "${command[@]}" >"$folder/interrupted.txt" 2>&1 &
    for ((i = 0; i < 1000; i++)); do
      if [ -s "$folder/zero-k8-seed0.metrics.jsonl" ] || ! kill -0 $! 2>/dev/null; then break; fi
      sleep 0.1
    done
    kill -TERM $! 2>/dev/null
    wait $!
    code=$?
    echo $((SECONDS - start)) >"$folder/interrupted.wall.txt"
    cat "$folder/interrupted.txt"
    before=$(head -n 1 "$folder/zero-k8-seed0.metrics.jsonl" 2>/dev/null)
    say "interrupted: exit code $code, $(find "$folder" -name '*.checkpoint.safetensors' | wc -l) checkpoint, $(find "$folder" -name '*.result.json' | wc -l) finished"
  fi
  start=$SECONDS
  limited 150 "${command[@]}" 2>&1 | tee -i "$folder/arms.txt"
  code=${PIPESTATUS[0]}
  if [ "$code" != 0 ]; then failed=1; fi
  echo $((SECONDS - start)) >"$folder/arms.wall.txt"
  after=$(head -n 1 "$folder/zero-k8-seed0.metrics.jsonl" 2>/dev/null)
  if [ -n "${before:-}" ]; then
    # A run that began again would have other times in its first line.
    if [ "$before" = "$after" ]; then say "the interrupted run went on from its checkpoint"; else say "the interrupted run began anew"; failed=1; fi
  fi
  python3 "$tools/plan.py" pace "$results" "$ARMS" | tee -i "$folder/pace.txt" || failed=1
  return $failed
}

step() {
  mkdir -p "$results/probe"
  # shellcheck disable=SC2086 # words
  limited 90 "$app/HslEmbeddingZero.DeviceBenchmarks" step body=$body $step_options precision=$step_precisions device="$device" memory=kept 2>&1 | tee -i "$results/probe/step.txt"
}

doors() {
  mkdir -p "$results/probe"
  # shellcheck disable=SC2086 # words
  limited 60 "$app/HslEmbeddingZero.DeviceBenchmarks" doors device="$device" $door_options memory=kept 2>&1 | tee -i "$results/probe/doors.md"
}

peer() {
  mkdir -p "$results/probe"
  # shellcheck disable=SC2086 # words
  limited 90 python3 "$root/benchmarks/peer/train_step.py" $peer_options --precisions $peer_precisions --device "$device" 2>&1 | tee -i "$results/probe/peer.txt"
}

# The processor of the same machine: the library's step and Python's, with the small body of the quick table. The library's step also runs
# with OpenMP's own spinning (the variable is set to OpenMP's default, so that the library does not change it), and both run with half the
# threads.
cpu() {
  local half=$((($(nproc) + 1) / 2))
  mkdir -p "$results/probe"
  {
    grep -m 1 'model name' /proc/cpuinfo
    cpu_step && GOMP_SPINCOUNT=300000 cpu_step && cpu_peer && OMP_NUM_THREADS=$half cpu_step && OMP_NUM_THREADS=$half cpu_peer
  } 2>&1 | tee -i "$results/probe/cpu.txt"
}

cpu_step() {
  echo "GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-} OMP_NUM_THREADS=${OMP_NUM_THREADS:-}"
  limited 30 "$app/HslEmbeddingZero.DeviceBenchmarks" step body=quick batch=4 steps="$cpu_steps" precision=float32,bfloat16 device=cpu memory=kept
}

cpu_peer() { limited 30 python3 "$root/benchmarks/peer/train_step.py" --dim 256 --layers 2 --heads 4 --batch 4 --steps "$cpu_steps" --precisions float32,bf16 --device cpu; }

finished() { python3 "$tools/plan.py" "done" "$results" "$@"; } # k, seed ...

# The tables of all finished runs: one for each number of bytes per slot, with one seed and with two.
write_tables() {
  local k seeds ready name file command failed=0
  mkdir -p "$results/tables"
  for k in 8 "$other_k"; do
    for seeds in 0 0,1; do
      # shellcheck disable=SC2086 # words
      ready=$(finished "$k" ${seeds//,/ })
      name=$results/tables/k$k-seeds${seeds//,/-}
      if [ -z "$ready" ] || { [ -s "$name.md" ] && [ "$(cat "$name.arms.txt" 2>/dev/null)" = "$ready" ]; }; then continue; fi
      table_command "$results/table" --steps "$table_steps" --arms "$ready" --bytes-per-slot "$k" --seeds "$seeds" --report-only
      # In the time that the runs left.
      if timeout --foreground -k 2 $(($(left) > 1 ? $(left) : 1)) "${command[@]}" >"$name.txt" 2>&1; then
        for file in table.md table.json curves.png; do cp "$results/table/$file" "$name.${file##*.}"; done
        echo "$ready" >"$name.arms.txt"
      else
        cat "$name.txt"
        failed=1
      fi
    done
  done
  return $failed
}

# Takes the next run of the plan, and marks it as taken for the other workers. Prints "arm k seed", or nothing if none fits.
take_run() (
  flock 9
  next=$(plan next $(($(left) - grace)) "$(paste -sd , "$scratch/taken.txt")") && [ -n "$next" ] || exit 1
  read -r arm k seed <<<"$next"
  echo "$arm-k$k-seed$seed" >>"$scratch/taken.txt"
  echo "$next"
) 9>"$scratch/taken.lock"

# Trains one run after another, each in its own folder until it is finished. Fails if one of them failed.
worker() {
  local next arm k seed stem folder start seconds resumed code command failed=0 in_a_row=0
  while next=$(take_run); do
    read -r arm k seed <<<"$next"
    stem=$arm-k$k-seed$seed folder=$results/runs/$stem start=$SECONDS resumed=0
    if [ -s "$folder/$stem.checkpoint.safetensors" ]; then resumed=1; fi
    mkdir -p "$folder"
    say "$stem begins"
    table_command "$folder" --steps "$table_steps" --arms "$arm" --bytes-per-slot "$k" --seeds "$seed"
    limited "$limit" "${command[@]}" >"$folder/$stem.txt" 2>&1
    code=$?
    if [ "$code" = 0 ]; then
      in_a_row=0
      # The time of a resumed run is not the time of a whole one.
      seconds=$((SECONDS - start))
      if [ $resumed = 1 ]; then seconds=null; fi
      echo "{\"jobs\":$JOBS,\"wallSeconds\":$seconds}" >"$results/table/$stem.run.json"
      mv "$folder/$stem".*.jsonl "$folder/$stem.txt" "$results/table/"
      mv "$folder/$stem.result.json" "$results/table/"
      say "$stem is finished after $((SECONDS - start)) s"
      pack
    else
      pack
      if [ "$code" = 124 ] || [ "$code" = 130 ] || [ "$code" = 137 ]; then
        say "$stem was stopped (exit code $code)"
        break
      fi
      say "$stem failed (exit code $code)"
      tail -n 20 "$folder/$stem.txt"
      failed=1 in_a_row=$((in_a_row + 1))
      if [ $in_a_row = 2 ]; then
        say "two runs failed one after another; the rest would cost the machine's time"
        break
      fi
    fi
  done
  return $failed
}

table() {
  local failed=0 i worker workers=()
  mkdir -p "$results/table"
  : >"$scratch/taken.txt"
  say "$(left) s are left for $JOBS runs at a time; the plan of one worker:"
  plan show $(($(left) - grace)) || return 1
  for ((i = 0; i < JOBS; i++)); do
    worker &
    workers+=($!)
  done
  for worker in "${workers[@]}"; do wait "$worker" || failed=1; done
  say "$(find "$results/table" -name '*.result.json' | wc -l) runs are finished; the plan now:"
  plan show $(($(left) - grace)) | tee -i "$results/table/plan.txt" || failed=1
  write_tables || failed=1
  return $failed
}

finish() {
  local code=$?
  trap - EXIT
  if [ -n "${packer:-}" ]; then kill "$packer" 2>/dev/null; fi
  pack
  say "ends with exit code $code; $out holds:"
  (cd "$out" && find . -type f -printf '%s bytes  %p\n')
  exec >&- 2>&-
  wait "$logger" 2>/dev/null
  exit $code
}

if [ $# = 0 ]; then
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
  exit 2
fi
stages=()
for stage in "$@"; do
  case $stage in
    probe) stages+=(arms step doors peer cpu) ;;
    check | arms | step | doors | peer | cpu | table | unpack) stages+=("$stage") ;;
    *)
      echo "unknown stage '$stage'; known are check, probe (arms, step, doors, peer, cpu), table and unpack" >&2
      exit 2
      ;;
  esac
done
mkdir -p "$out" "$results" || exit 1
out=$(realpath "$out") scratch=$(realpath "$scratch") app=$scratch/app results=$scratch/results
rm -f "$out/.results.new"
exec > >(exec tee -i -a "$out/log.txt") 2>&1
logger=$!
trap finish EXIT
say "stages: ${stages[*]}; $device, preset $preset, $precision, at most $limit s"
prepare || exit 1
(
  trap 'kill $! 2>/dev/null; exit' TERM
  while :; do
    sleep 20 &
    wait $!
    pack
  done
) >/dev/null 2>&1 &
packer=$!
failures=()
for stage in "${stages[@]}"; do
  if [ "$stage" = unpack ]; then continue; fi
  say "== $stage"
  if [ "$(left)" -le "$grace" ]; then
    say "$stage is left out: the time is over"
    failures+=("$stage")
    continue
  fi
  if "$stage"; then say "$stage is done"; else say "$stage FAILED"; failures+=("$stage"); fi
  pack
done
if [ ${#failures[@]} -gt 0 ]; then
  say "failed: ${failures[*]}"
  exit 1
fi

#!/usr/bin/env bash
# Measures data-parallel training on this machine: the exchange between two ranks, the same by Gloo in Python, and training steps of one
# process with two threads (A) beside two ranks with one thread each (B). A and B alternate, because other load changes within minutes.
#   dotnet build -c Release benchmarks/HslEmbeddingZero.DeviceBenchmarks
#   benchmarks/ranks.sh [folder]          writes exchange.md, steps.md and versions.txt there (benchmarks/results/ranks-cpu)
# It builds nothing and takes about five minutes on two quiet cores.
#   ROUNDS      times A and B (3)
#   QUICK       measured steps of the quick body (20)
#   PAPER       measured steps of the paper body (6)
#   EXCHANGES   rounds of the exchange (9)
#   MPIRUN      the launcher and its options (mpirun; "mpirun --bind-to none" where it is OpenMPI's)
#   PYTHON      a Python with PyTorch (python3); without Gloo, the peer is left out
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-benchmarks/results/ranks-cpu}
rounds=${ROUNDS:-3} python=${PYTHON:-python3}
ranks=2
program=benchmarks/HslEmbeddingZero.DeviceBenchmarks/bin/Release/net10.0/HslEmbeddingZero.DeviceBenchmarks.dll

fail() { echo "error: $1" >&2; exit 1; }
[ -f "$program" ] || fail "$program is missing. Build it: dotnet build -c Release benchmarks/HslEmbeddingZero.DeviceBenchmarks"
read -ra launcher <<<"${MPIRUN:-mpirun}"
command -v "${launcher[0]}" >/dev/null || fail "${launcher[0]} is not on the PATH. Install OpenMPI or MPICH, or set MPIRUN."
# Root is usual in containers, and OpenMPI refuses it without these.
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
launcher_version=$("${launcher[0]}" --version 2>&1 | grep -m 1 -iE 'open ?mpi|openrte|version' || true)
if [[ ${launcher_version,,} =~ open\ ?mpi|openrte ]]; then
  # OpenMPI would bind each rank to a core, and its thread for the samples with it.
  [ -n "${MPIRUN:-}" ] || launcher+=(--bind-to none)
fi

export TERM=dumb # OpenMPI gives the ranks a terminal, and .NET writes control sequences to others
mkdir -p "$out"

# measure threads command ...: prints the command on standard error, and runs it with so many threads a process.
measure() {
  local threads=$1
  shift
  echo "OMP_NUM_THREADS=$threads $*" >&2
  OMP_NUM_THREADS=$threads "$@" | tr -d '\r'
}

{
  echo "commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
  echo "date $(date -u +%F)"
  echo "cores $(nproc), load before $(cut -d ' ' -f 1-3 /proc/loadavg)"
  lscpu | grep -E '^(Model name|L1d cache|L2 cache|L3 cache|Hypervisor vendor)'
  echo ".NET $(dotnet --version 2>/dev/null)"
  echo "launcher $launcher_version (${launcher[*]})"
} | tee "$out/versions.txt"

{
  measure 1 "${launcher[@]}" -n $ranks dotnet "$program" exchange rounds="${EXCHANGES:-9}"
  echo
  if "$python" -c 'import sys, torch.distributed as d; sys.exit(not d.is_gloo_available())' 2>/dev/null; then
    measure 1 "$python" benchmarks/peer/all_reduce.py --ranks $ranks --rounds "${EXCHANGES:-9}"
  else
    echo "The peer is left out: $python has no PyTorch with Gloo."
  fi
} | tee "$out/exchange.md"

# One file for every setting and every side, with the rows of all rounds.
rows=$(mktemp -d)
trap 'rm -rf "$rows"' EXIT
side() { # name threads command ...: adds the row of a run to its file; keeps the heading
  local name=$1 threads=$2 text
  shift 2
  text=$(measure "$threads" "$@")
  sed -n 1,2p <<<"$text" >"$rows/heading"
  sed -n '3,$p' <<<"$text" | tee -a "$rows/$name"
}

settings="quick-float32 quick-bfloat16 paper-float32 paper-bfloat16"
for setting in $settings; do
  body=${setting%-*} precision=${setting#*-}
  if [ "$body" = quick ]; then steps=${QUICK:-20}; else steps=${PAPER:-6}; fi
  options=(ranks "body=$body" "precision=$precision" batch=4 accumulation=$ranks "steps=$steps" memory=kept)
  for ((round = 0; round < rounds; round++)); do
    side "$setting-A" $ranks dotnet "$program" "${options[@]}"
    side "$setting-B" 1 "${launcher[@]}" -n $ranks dotnet "$program" "${options[@]}"
  done
done

# In a row, ms a step is the 6th column. The ratio is that of a pair of neighbours, B over A.
median() { sort -g | awk '{ v[NR] = $1 } END { printf "%.3f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
column() { awk -F'|' -v n="$2" '{ print $(n + 1) + 0 }' "$rows/$1"; }
{
  echo "One process with $ranks threads (A) and $ranks ranks with 1 thread each (B), $rounds rounds in turn, in $SECONDS s. Medians of the"
  echo "rounds; the ratio is that of neighbouring rounds, B over A: below 1, the ranks are faster."
  echo
  echo "| body | precision | A, ms a step | B, ms a step | B over A | least | most | exchange ms | of B's step |"
  echo "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
  for setting in $settings; do
    ratios=$(paste <(column "$setting-B" 6) <(column "$setting-A" 6) | awk '{ printf "%.3f\n", $1 / $2 }' | sort -g)
    exchange="$(column "$setting-B" 10 | median)" share="$(column "$setting-B" 11 | median)"
    printf '| %s | %s | %.1f | %.1f | %.2f | %.2f | %.2f | %.2f | %.1f %% |\n' "${setting%-*}" "${setting#*-}" \
      "$(column "$setting-A" 6 | median)" "$(column "$setting-B" 6 | median)" \
      "$(median <<<"$ratios")" "$(head -n 1 <<<"$ratios")" "$(tail -n 1 <<<"$ratios")" "$exchange" "$share"
  done
  echo
  echo "All runs, in the order of each setting: A, B, A, B and so on."
  echo
  cat "$rows/heading"
  for setting in $settings; do paste -d '\n' "$rows/$setting-A" "$rows/$setting-B"; done
} | tee "$out/steps.md"

#!/usr/bin/env bash
# Runs the GPU's share of the project from the folder that pack.sh made. Each stage can be interrupted and run again.
#   ./run.sh stage ...          stages: tests step doors peer table table-k16 schedules
# HSL_TORCH_LIB   folder of the libtorch; that of python3's PyTorch where not set
# OUT             where results go (results)
# DEVICE          cuda (default) or cpu
# PRESET          paper (default); smoke rehearses everything in a minute or two
# SEEDS           seeds of the tables (0,1)
# SECONDS_LEFT    after so many seconds a table is interrupted; it goes on from its checkpoint the next time (540)
# What came out, but for checkpoints, is also packed into $OUT.tar.gz; unpacked there, the finished rows of a table need not be trained again.
set -uo pipefail
cd "$(dirname "$0")"
export HSL_TORCH_LIB=${HSL_TORCH_LIB:-$(python3 -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))')}
out=${OUT:-results} device=${DEVICE:-cuda} preset=${PRESET:-paper} seconds=${SECONDS_LEFT:-540}
mkdir -p "$out"
if [ "$preset" = smoke ]; then
  body=quick; steps=3; peer="--dim 256 --layers 2 --heads 4 --steps 3"; seeds=${SEEDS:-0}; schedules=4,8
else
  body=paper; steps=20; peer="--steps 20"; seeds=${SEEDS:-0,1}; schedules=1000,3000,10000
fi
doors=zero,zero-standardized,projection,embedding,embedding-pooled

table() { # folder, then options
  local folder=$1
  shift
  timeout --foreground -s INT "$seconds" ./BpbTable --preset "$preset" --device "$device" --resume --out "$out/$folder" "$@"
}

for stage in "$@"; do
  echo "== $stage, $(date -u +%FT%TZ)"
  case $stage in
    tests) ./HslEmbeddingZero.TestRunner Device | tee "$out/tests.txt" ;;
    step)
      precisions="float32 bfloat16"
      [ "$device" = cuda ] && precisions="float32 tf32 bfloat16"
      for precision in $precisions; do
        for batch in 1 12 36; do
          ./HslEmbeddingZero.Benchmarks step body=$body batch=$batch steps=$steps precision="$precision" device="$device"
        done
      done | tee "$out/step.txt" ;;
    doors)
      rows=36
      [ "$device" = cuda ] && rows=576
      ./HslEmbeddingZero.Benchmarks --quick --artifacts "$out/benchmarks" \
        --filter "*DoorBenchmarks*Batch: $rows*\"$device\"*" "*GenerationBenchmarks*Body: \"$body\"*\"$device\"*" >"$out/doors.log" 2>&1
      grep -E '^\|' "$out/doors.log" | tee "$out/doors.md" ;;
    peer)
      { python3 peer/train_step.py $peer --batch 12 --device "$device"
        if [ "$device" = cuda ]; then
          python3 peer/train_step.py $peer --batch 12 --device cuda --tf32
          python3 peer/train_step.py $peer --batch 12 --device cuda --bf16
          python3 peer/train_step.py $peer --batch 12 --device cuda --bf16 --compile
        fi
        [ "$body" = quick ] && size="--dim 256 --layers 2 --heads 4 --before 50 --bytes 8" || size=""
        python3 peer/generate.py $size --device "$device"
      } 2>&1 | tee "$out/peer.txt" ;;
    table) table table-k8 --arms $doors --bytes-per-slot 8 --seeds $seeds ;;
    table-k16) table table-k16 --arms zero,zero-standardized,projection --bytes-per-slot $([ "$preset" = smoke ] && echo 4 || echo 16) --seeds $seeds ;;
    schedules) table schedules --arms zero,projection,embedding --bytes-per-slot 8 --seeds 0 --steps $schedules ;;
    *) echo "unknown stage '$stage'" >&2; exit 2 ;;
  esac
done

tar -czf "$out.tar.gz" --exclude='*.checkpoint.safetensors' -C "$out" .

#!/bin/sh
# Builds the NEON matrix kernels and their check for aarch64 and runs it under user-mode emulation.
# usage: matmul_under_qemu.sh compiler qemu nm source_folder output_folder.  Exit status 77: a tool is missing.
compiler="$1"
qemu="$2"
nm="$3"
source="$4"
output="$5"
for tool in "$compiler" "$qemu" "$nm"; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool not found; on Debian: apt-get install g++-aarch64-linux-gnu qemu-user-static"
    exit 77
  fi
done
set -e
mkdir -p "$output"
flags="-std=c++20 -O1 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -ffp-contract=off -I$source/src -I$source/test"
# The kernel file is compiled as kernels.cmake does it.
"$compiler" $flags -march=armv8.2-a+dotprod -c "$source/src/kernels/isa_neon_matmul.cc" -o "$output/isa_neon_matmul.o"
"$source/tools/check_weak.sh" "$nm" "$output/isa_neon_matmul.o"
"$compiler" $flags -static "$source/test/kernels/cross/matmul_check.cc" "$source/src/kernels/pack_blocks.cc" \
  "$source/src/kernels/pack_fixed.cc" \
  "$source/src/kernels/isa_scalar_matmul.cc" "$source/src/tensor/dtype.cc" "$output/isa_neon_matmul.o" \
  -o "$output/matmul_check"
"$qemu" "$output/matmul_check"

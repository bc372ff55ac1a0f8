#!/bin/sh
# Builds the NEON kernels and their checks for aarch64 and runs them under user-mode emulation.
# usage: neon_under_qemu.sh compiler qemu nm source_folder output_folder.  Exit status 77: a tool is missing.
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
flags="-std=c++20 -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -ffp-contract=off -I$source/src -I$source/test"
if command -v ccache >/dev/null; then
  compiler="ccache $compiler"
fi
# The kernel file is compiled as kernels.cmake does it; the rest needs no library.
$compiler $flags -march=armv8.2-a+dotprod -fno-exceptions -c "$source/src/kernels/isa_neon.cc" -o "$output/isa_neon.o"
$compiler $flags -c "$source/src/kernels/attention.cc" -o "$output/attention.o"
$compiler $flags -c "$source/src/kernels/attention_plan.cc" -o "$output/attention_plan.o"
$compiler $flags -c "$source/src/core/check.cc" -o "$output/check.o"
$compiler $flags -c "$source/test/kernels/cross/table_check.cc" -o "$output/table_check.o"
"$source/tools/check_weak.sh" "$nm" "$output/isa_neon.o"
$compiler -static "$output/isa_neon.o" "$output/attention.o" "$output/attention_plan.o" "$output/check.o" \
  "$output/table_check.o" -o "$output/table_check"
"$qemu" "$output/table_check"

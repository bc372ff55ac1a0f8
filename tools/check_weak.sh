#!/bin/sh
# Fails if an object compiled for one instruction set defines a weak symbol: the linker keeps one copy of those, and
# baseline code could be given the copy that older CPUs cannot run.
# usage: check_weak.sh nm object...
nm="$1"
shift
if [ $# -eq 0 ]; then
  echo "check_weak.sh: no objects given"
  exit 2
fi
status=0
for object in "$@"; do
  symbols=$("$nm" -C --defined-only "$object") || exit 2
  if found=$(printf '%s\n' "$symbols" | grep -E ' [WVu] '); then
    printf '%s defines weak symbols:\n%s\n' "$object" "$found"
    status=1
  fi
done
exit $status

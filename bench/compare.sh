#!/bin/sh
# Measures sixfold and other engines in turn on the same models; see bench/compare.sh --help.
exec python3 "$(dirname "$0")/compare.py" "$@"

#!/usr/bin/env python3
"""Fails if a module of src/ includes a module on its own or a higher floor, or if a source file is too long.

usage: check_floors.py src floors.txt

floors.txt lists one floor a line, lowest first, module names separated by blanks; '#' starts a comment.
"""
import pathlib
import re
import sys

LINES_MAX = 500


def read_floors(path):
    floors = {}
    level = 0
    for line in path.read_text().splitlines():
        names = line.split("#")[0].split()
        if names:
            floors.update({name: level for name in names})
            level += 1
    return floors


def problems(src, floors):
    for file in sorted(src.rglob("*")):
        if file.suffix not in {".h", ".cc", ".inc"}:
            continue
        own = file.relative_to(src).parts[0]
        if own not in floors:
            yield f"{file}: module {own} is not in the list of floors"
            continue
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            match = re.match(r'\s*#\s*include\s+"([a-z0-9_]+)/', line)
            if not match or match[1] == own:
                continue
            used = match[1]
            if used not in floors:
                yield f"{file}:{number}: includes {used}, which is not in the list of floors"
            elif floors[used] >= floors[own]:
                yield f"{file}:{number}: {own} (floor {floors[own]}) may not include {used} (floor {floors[used]})"
        if len(lines) > LINES_MAX:
            yield f"{file}: {len(lines)} lines, at most {LINES_MAX}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = list(problems(pathlib.Path(sys.argv[1]), read_floors(pathlib.Path(sys.argv[2]))))
    for problem in found:
        print(problem)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

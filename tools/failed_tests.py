#!/usr/bin/env python3
"""Prints which tests of a ctest run failed, each with the end of its output.  usage: failed_tests.py JUNIT_FILE"""
import sys
import xml.etree.ElementTree

LINES_EACH = 30
SHOWN_WHOLE = 5


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = xml.etree.ElementTree.parse(sys.argv[1]).iter("testcase")
    failed = [case for case in cases if case.get("status") == "fail"]
    for case in failed[:SHOWN_WHOLE]:
        print(f"-- {case.get('name')} ({float(case.get('time', 0)):.1f} s), the end of its output:")
        for line in (case.findtext("system-out") or "").rstrip().splitlines()[-LINES_EACH:]:
            print(f"   {line}")
    print(f"-- {len(failed)} failed: {', '.join(case.get('name') for case in failed)}")


if __name__ == "__main__":
    main()

"""Installs the JSON Schema Test Suite from npm and runs the test that holds our grammars against it.  Exit 77 (skipped)
without node or npm, or when the pinned package cannot be installed.

usage: run_json_schema.py --test build/release/bin/grammar_test --work build/release/conformance_json_schema
"""
import argparse
import os
import pathlib
import subprocess
import sys

from node_packages import node_with_packages


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--test", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    node_with_packages(pathlib.Path(__file__).parent / "json_schema", arguments.work)
    suite = arguments.work / "node_modules" / "json-schema-test-suite" / "tests" / "draft4"
    environment = {**os.environ, "SIXFOLD_JSON_SCHEMA_SUITE": str(suite)}
    sys.exit(subprocess.run([arguments.test, "--gtest_filter=SchemaSuite.*"], env=environment).returncode)


if __name__ == "__main__":
    main()

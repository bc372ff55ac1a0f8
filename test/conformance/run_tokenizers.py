"""Makes tokenizer.json files and the real library's ids for them with node, and runs the test that compares ours.  Exit
77 (skipped) without node or npm, or when the pinned package cannot be installed.

usage: run_tokenizers.py --test build/release/bin/tokenizer_test --work build/release/conformance_tokenizers
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
    node = node_with_packages(pathlib.Path(__file__).parent / "tokenizers", arguments.work)
    cases = arguments.work / "cases.json"
    command = [node, "make_cases.mjs", cases]
    if "SIXFOLD_TESTDATA" in os.environ:
        command.append(pathlib.Path(os.environ["SIXFOLD_TESTDATA"]) / "golden" / "tokenizer" / "extra_strings.json")
    subprocess.run(command, cwd=arguments.work, check=True)
    environment = {**os.environ, "SIXFOLD_TOKENIZER_CASES": str(cases)}
    sys.exit(subprocess.run([arguments.test, "--gtest_filter=HuggingFaceLibrary.*"], env=environment).returncode)


if __name__ == "__main__":
    main()

"""Makes tokenizer.json files and the real library's ids for them with node, and runs the test that compares ours.  Exit
77 (skipped) without node or npm, or when the pinned package cannot be installed.

usage: run_tokenizers.py --test build/release/bin/tokenizer_test --work build/release/conformance_tokenizers
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

from run_node import SKIPPED, is_installed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--test", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        print("skipped: node or npm is not installed")
        sys.exit(SKIPPED)
    source = pathlib.Path(__file__).parent / "tokenizers"
    arguments.work.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        shutil.copy(file, arguments.work)
    dependencies = json.loads((source / "package.json").read_text())["dependencies"]
    if not is_installed(arguments.work, dependencies):
        install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        result = subprocess.run(install, cwd=arguments.work, capture_output=True, text=True, timeout=240)
        if result.returncode != 0 or not is_installed(arguments.work, dependencies):
            print(f"skipped: npm cannot install {dependencies}:\n{result.stderr}")
            sys.exit(SKIPPED)
    cases = arguments.work / "cases.json"
    command = [node, "make_cases.mjs", cases]
    if "SIXFOLD_TESTDATA" in os.environ:
        command.append(pathlib.Path(os.environ["SIXFOLD_TESTDATA"]) / "golden" / "tokenizer" / "extra_strings.json")
    subprocess.run(command, cwd=arguments.work, check=True)
    environment = {**os.environ, "SIXFOLD_TOKENIZER_CASES": str(cases)}
    sys.exit(subprocess.run([arguments.test, "--gtest_filter=HuggingFaceLibrary.*"], env=environment).returncode)


if __name__ == "__main__":
    main()

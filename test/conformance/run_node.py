"""Runs the tests in node/ with the official client against a real server.  Exit 77 (skipped) without node or npm, or
when the pinned packages cannot be installed.

usage: run_node.py --program build/release/bin/sixfold --work build/release/conformance_node
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

from running_server import RunningServer

SKIPPED = 77


def is_installed(work, dependencies):
    for name, version in dependencies.items():
        package = work / "node_modules" / name / "package.json"
        if not package.exists() or json.loads(package.read_text())["version"] != version:
            return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        print("skipped: node or npm is not installed")
        sys.exit(SKIPPED)
    source = pathlib.Path(__file__).parent / "node"
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
    tests = sorted(path.name for path in arguments.work.glob("*.test.mjs"))
    servers = {"SIXFOLD_URL": RunningServer(arguments.program)}
    if "SIXFOLD_TESTDATA" in os.environ:
        encoder = os.path.join(os.environ["SIXFOLD_TESTDATA"], "golden", "arch", "bert_mean.gguf")
        servers["SIXFOLD_ENCODER_URL"] = RunningServer(arguments.program, [encoder])
    with contextlib.ExitStack() as stack:
        environment = dict(os.environ)
        for name, server in servers.items():
            environment[name] = stack.enter_context(server).url
        result = subprocess.run([node, "--test", *tests], cwd=arguments.work, env=environment)
    for server in servers.values():
        if result.returncode != 0 or server.exit_code != 0:
            print(f"a server ended with {server.exit_code}:\n{server.log()}")
    sys.exit(1 if result.returncode != 0 or any(server.exit_code != 0 for server in servers.values()) else 0)


if __name__ == "__main__":
    main()

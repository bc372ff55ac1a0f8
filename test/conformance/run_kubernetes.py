"""Holds the rendered Kubernetes objects against the schemas of their API versions, as npm's kubernetes-models have them.
Exit 77 (skipped) without node or npm, or when the pinned packages cannot be installed.

usage: run_kubernetes.py --program build/release/bin/sixfold --work build/release/conformance_kubernetes
"""
import argparse
import pathlib
import subprocess
import sys

from node_packages import node_with_packages


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    tests = pathlib.Path(__file__).parent
    node = node_with_packages(tests / "kubernetes", arguments.work)
    folders = []
    for manifest in sorted((tests.parent / "deploy" / "manifests").glob("*.yaml")):
        out = arguments.work / manifest.stem
        subprocess.run([arguments.program, "plan", "kubernetes", "--file", manifest, "--out", out,
                        "--state", arguments.work / "state"], check=True, stdout=subprocess.DEVNULL)
        folders.append((out / "kubernetes").resolve())
    sys.exit(subprocess.run([node, "check.mjs", *folders], cwd=arguments.work).returncode)


if __name__ == "__main__":
    main()

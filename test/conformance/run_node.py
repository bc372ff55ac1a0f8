"""Runs the tests in node/ with the official clients against real servers.  Exit 77 (skipped) without node or npm, or
when the pinned packages cannot be installed.

usage: run_node.py --program build/release/bin/sixfold --work build/release/conformance_node
"""
import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

from node_packages import node_with_packages
from running_server import RunningServer
from thinking_model import write_thinking_model

sys.path.append(str(pathlib.Path(__file__).parent.parent / "e2e"))
from tiny_bert import TinyBert


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    node = node_with_packages(pathlib.Path(__file__).parent / "node", arguments.work)
    tests = sorted(path.name for path in arguments.work.glob("*.test.mjs"))
    servers = {"SIXFOLD_URL": RunningServer(arguments.program)}
    if "SIXFOLD_TESTDATA" in os.environ:
        encoder = os.path.join(os.environ["SIXFOLD_TESTDATA"], "golden", "arch", "bert_mean.gguf")
        servers["SIXFOLD_ENCODER_URL"] = RunningServer(arguments.program, [encoder])
    with contextlib.ExitStack() as stack:
        folder = os.path.join(stack.enter_context(tempfile.TemporaryDirectory()), "tiny-bert")
        encoder = TinyBert(["unused"])
        encoder.drop_head()
        encoder.save(folder)
        servers["SIXFOLD_TINY_ENCODER_URL"] = RunningServer(arguments.program, [folder])
        environment = {**os.environ, "SIXFOLD_SOURCE_DIR": str(pathlib.Path(__file__).resolve().parents[2])}
        thinking = os.path.join(stack.enter_context(tempfile.TemporaryDirectory()), "thinking.gguf")
        write_thinking_model(thinking)
        servers["SIXFOLD_THINKING_URL"] = RunningServer(arguments.program, [thinking])
        for name, server in servers.items():
            environment[name] = stack.enter_context(server).url
        result = subprocess.run([node, "--test", *tests], cwd=arguments.work, env=environment)
    for server in servers.values():
        if result.returncode != 0 or server.exit_code != 0:
            print(f"a server ended with {server.exit_code}:\n{server.log()}")
    sys.exit(1 if result.returncode != 0 or any(server.exit_code != 0 for server in servers.values()) else 0)


if __name__ == "__main__":
    main()

"""Pushes models to s3rver, an S3 server that others wrote, and pulls them again.  It does not hold us to our signatures,
as test/e2e/s3_server.py does, but to the protocol as others read it.  Exit 77 (skipped) without node or npm,
or when the pinned package cannot be installed.

usage: run_s3rver.py --program build/release/bin/sixfold --work build/release/conformance_s3rver
"""
import argparse
import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile

from node_packages import node_with_packages

SERVER = "node_modules/s3rver/bin/s3rver.js"


def start(node, work, folder):
    """Returns the process and its address; logins are S3RVER, S3RVER."""
    process = subprocess.Popen([node, SERVER, "-d", folder, "-a", "127.0.0.1", "-p", "0", "--configure-bucket", "models"],
                               cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        found = re.search(r"listening on \S*?:(\d+)", line)
        if found:
            return process, f"http://127.0.0.1:{found[1]}"
    raise SystemExit("s3rver ended at once")


def large_model(path):
    """A well-formed GGUF file of one tensor of 12 MiB, which goes in three parts."""
    def text(value):
        return struct.pack("<Q", len(value)) + value
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + text(b"general.architecture") + struct.pack("<I", 8) + text(b"odd")
    head += text(b"weight") + struct.pack("<IQIQ", 1, 3 << 20, 0, 0)
    path.write_bytes(head + bytes(-len(head) % 32) + bytes(range(256)) * (12 << 12))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    node = node_with_packages(pathlib.Path(__file__).parent / "s3rver", arguments.work)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        process, url = start(node, arguments.work, name)
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("SIXFOLD_", "AWS_")) and not key.lower().endswith("_proxy")}

        def run(*words, home="one"):
            return subprocess.run([arguments.program, *map(str, words)], capture_output=True, text=True, env={
                **kept, "HOME": name, "SIXFOLD_HOME": str(folder / home), "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER"})
        try:
            model = folder / "a model+1.gguf"
            large_model(model)
            for target in ("s3:models/a b/c+d.gguf", "s3:models/folder/"):
                pushed = run("push", model, target, "--part-mib", "5", "--json")
                assert pushed.returncode == 0, pushed.stderr
                pulled = run("pull", target, "--json", home="two")
                assert pulled.returncode == 0, pulled.stderr
                assert pathlib.Path(json.loads(pulled.stdout)["path"]).read_bytes() == model.read_bytes()
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()

"""Node.js and the pinned packages of a folder of tests; a test ends with 77 (skipped) where they cannot be had."""
import json
import shutil
import subprocess
import sys

SKIPPED = 77


def _is_installed(work, dependencies):
    for name, version in dependencies.items():
        package = work / "node_modules" / name / "package.json"
        if not package.exists() or json.loads(package.read_text())["version"] != version:
            return False
    return True


def node_with_packages(source, work):
    """Copies the files of `source` to `work`, installs what its package.json names, and returns node's path."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        print("skipped: node or npm is not installed")
        sys.exit(SKIPPED)
    work.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        shutil.copy(file, work)
    dependencies = json.loads((source / "package.json").read_text())["dependencies"]
    if not _is_installed(work, dependencies):
        install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        result = subprocess.run(install, cwd=work, capture_output=True, text=True, timeout=240)
        if result.returncode != 0 or not _is_installed(work, dependencies):
            print(f"skipped: npm cannot install {dependencies}:\n{result.stderr}")
            sys.exit(SKIPPED)
    return node

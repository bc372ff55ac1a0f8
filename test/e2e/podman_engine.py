"""podman with a store of its own, so that a test neither sees nor leaves anything of this machine's."""
import json
import os
import shutil
import subprocess
import time
import urllib.request

READY_SECONDS = 60


def why_not():
    """What keeps podman from running containers here; empty when nothing does."""
    missing = [tool for tool in ("podman", "runc") if not shutil.which(tool)]
    if missing:
        return "no " + " and no ".join(missing)
    return "" if os.geteuid() == 0 else "not root, and rootless podman needs more than is everywhere"


class Podman:
    """`folder` becomes the store; whoever makes one calls remove_all before that folder goes."""

    def __init__(self, test, folder):
        self.test, self.folder = test, folder
        self.settings = os.path.join(folder, "containers.conf")
        with open(self.settings, "w", encoding="ascii") as file:
            file.write("[containers]\ndefault_ulimits=[\"nofile=4096:4096\",\"nproc=4096:4096\"]\n"
                       "[engine]\nruntime=\"runc\"\ncgroup_manager=\"cgroupfs\"\nevents_logger=\"file\"\n")

    def __call__(self, *arguments, check=True, timeout=300, text_in=b""):
        """Output is bytes."""
        done = subprocess.run(
            ["podman", "--root", os.path.join(self.folder, "storage"), "--runroot", os.path.join(self.folder, "run"),
             *arguments],
            env={**os.environ, "CONTAINERS_CONF": self.settings}, input=text_in, capture_output=True, check=False,
            timeout=timeout)
        if check:
            self.test.assertEqual(done.returncode, 0, f"podman {' '.join(arguments)}: {done.stderr.decode()}")
        return done

    def names(self, kind, *arguments):
        """Of the pods, containers, volumes or images that are there."""
        word = "{{.ID}}" if kind == "images" else "{{.Names}}" if kind == "ps" else "{{.Name}}"
        return self(*kind.split(), *arguments, "--format", word).stdout.decode().split()

    def inspect(self, container):
        return json.loads(self("inspect", container).stdout)[0]

    def log(self, container):
        done = self("logs", container, check=False)
        return done.stdout.decode() + done.stderr.decode()

    def wait_ready(self, container, url):
        """Until /readyz says so."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                with urllib.request.urlopen(url + "/readyz", timeout=5):
                    return
            except OSError:
                pass
            state = self.inspect(container)["State"]["Status"]
            self.test.assertEqual(state, "running", self.log(container))
            self.test.assertLess(time.monotonic(), deadline, "the container did not become ready")
            time.sleep(0.1)

    def remove_all(self):
        self("pod", "rm", "--all", "--force", check=False)
        self("rm", "--all", "--force", check=False)
        self("volume", "rm", "--all", "--force", check=False)
        self("rmi", "--all", "--force", check=False)

"""Runs the sixfold program that SIXFOLD_PROGRAM names."""
import os
import re
import resource
import signal
import struct
import subprocess
import tempfile
import threading
import unittest

PROGRAM = os.environ["SIXFOLD_PROGRAM"]
SOURCE_DIR = os.environ["SIXFOLD_SOURCE_DIR"]
BUILTIN = os.path.join(SOURCE_DIR, "models", "sixfold-tiny.gguf")


def clean_environment(extra=None):
    """The environment without settings of sixfold's own, so that tests do not depend on who runs them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SIXFOLD_")}
    kept["SIXFOLD_WEIGHT_CACHE"] = "off"  # tests leave nothing in the home folder
    kept.update(extra or {})
    return kept


def run(*arguments, text_in=None, environment=None, timeout=120):
    """Runs to the end; standard input is empty unless given.  Output is bytes."""
    return subprocess.run(
        [PROGRAM, *arguments],
        input=text_in if text_in is not None else b"",
        capture_output=True,
        env=clean_environment(environment),
        timeout=timeout,
    )


class CommandTest(unittest.TestCase):
    """Commands that must succeed or fail; a subclass says with which environment."""

    def environment(self, extra=None):
        return {**(extra or {})}

    def run_program(self, *arguments, environment=None, **more):
        return run(*arguments, environment=self.environment(environment), **more)

    def good(self, *arguments, **more):
        done = self.run_program(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done

    def bad(self, code, *arguments, words=(), **more):
        """`words` are in what it says on standard error."""
        done = self.run_program(*arguments, **more)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        for word in words:
            self.assertIn(word, done.stderr.decode())
        return done

    def start_program(self, *arguments, environment=None, **more):
        """Runs on; both outputs are pipes."""
        return subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=clean_environment(self.environment(environment)), **more)

    def run_on_full_disk(self, *arguments, bytes_max=100_000):
        """No file can become larger than that."""

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max))

        process = self.start_program(*arguments, preexec_fn=limit)
        stdout, stderr = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def pull_twice_at_once(self, source, server):
        """`server`: Faults.  Both must succeed; the second waits for the first."""
        server.gate = threading.Event()
        first = self.start_program("pull", source)
        self.assertTrue(server.half_sent.wait(60))
        second = self.start_program("pull", source)
        for line in second.stderr:
            if b"another process is downloading it" in line:
                break
        server.gate.set()
        for command in (first, second):
            command.communicate(timeout=60)
            self.assertEqual(command.returncode, 0)


class HomeTest(CommandTest):
    """Commands in an empty home of their own."""

    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)

    def path(self, *parts):
        return os.path.join(self.work.name, *parts)

    def environment(self, extra=None):
        proxies = {key: "" for key in os.environ if key.lower().endswith("_proxy")}
        return super().environment({**proxies, "NO_PROXY": "*", "HOME": self.path("home"),
                                    "SIXFOLD_HOME": self.path("sixfold"), **(extra or {})})


def builtin_with_sampling(path, numbers):
    """Writes the built-in model to `path`, with general.sampling.* set to these floats, or integers."""
    builtin_with(path, {"general.sampling." + name: value for name, value in numbers.items()})


def builtin_with(path, numbers):
    """Writes the built-in model to `path`, with these further keys set to floats, or integers."""
    with open(BUILTIN, "rb") as file:
        model = file.read()

    def entry(key, kind, value):
        return struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", kind) + value

    entries = [entry(name, 6 if isinstance(value, float) else 4,
                     struct.pack("<f" if isinstance(value, float) else "<I", value)) for name, value in numbers.items()]
    # Tensors lie at multiples of 32 bytes; a text as long as needed keeps them there.
    filled = sum(map(len, entries)) + len(entry("test.filler", 8, struct.pack("<Q", 0)))
    filler = -filled % 32
    entries.append(entry("test.filler", 8, struct.pack("<Q", filler) + b"x" * filler))
    count = struct.unpack_from("<Q", model, 16)[0] + len(entries)
    with open(path, "wb") as file:
        file.write(model[:16] + struct.pack("<Q", count) + b"".join(entries) + model[24:])


class Server:
    """`sixfold serve` on a free port; a context manager."""

    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--port", "0", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=clean_environment(environment),
        )
        self.log = []
        for line in self.process.stderr:
            self.log.append(line.decode())
            found = re.match(r"listening on (http://\S+)", self.log[-1])
            if found:
                self.url = found[1]
                return
        raise AssertionError("the server ended at once: " + "".join(self.log))

    def stop(self, number=signal.SIGTERM, timeout=60):
        """Sends the signal and returns the exit code."""
        self.process.send_signal(number)
        self.process.stderr.read()
        return self.process.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

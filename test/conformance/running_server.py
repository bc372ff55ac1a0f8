"""Starts `sixfold serve` with the built-in model on a free port, for the conformance tests, and stops it again."""
import re
import signal
import subprocess
import threading


class RunningServer:
    """with RunningServer(program, flags) as server: server.host, server.port, server.url."""

    def __init__(self, program, flags=()):
        self._command = [program, "serve", "--host", "127.0.0.1", "--port", "0", *flags]
        self._lines = []

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        timer = threading.Timer(60, self._process.kill)
        timer.start()
        for line in self._process.stderr:
            self._lines.append(line)
            found = re.search(r"listening on (http://([0-9.]+):([0-9]+))", line)
            if found:
                self.url, self.host, self.port = found[1], found[2], int(found[3])
                break
        timer.cancel()
        if not hasattr(self, "url"):
            self._process.kill()
            raise RuntimeError("the server did not start:\n" + "".join(self._lines))
        # Its log is kept, so that a full pipe never stops the server.
        self._reader = threading.Thread(target=lambda: self._lines.extend(self._process.stderr))
        self._reader.start()
        return self

    def __exit__(self, kind, error, trace):
        self._process.send_signal(signal.SIGTERM)
        try:
            self.exit_code = self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.exit_code = self._process.wait()
        self._reader.join()

    def log(self):
        return "".join(self._lines)

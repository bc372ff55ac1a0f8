"""A server that speaks the Hugging Face Hub's protocol and checks everything that a client sends.

Small files come from the hub itself; large ones ("lfs") by a redirect to a second server, as the hub redirects to its
storage.  Whatever a client should not have sent is noted in `violations`.
"""
import hashlib
import http.server
import json
import re
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git_hash(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Repository:
    def __init__(self, files, large=(), token=None, gated=False):
        self.files, self.large, self.token, self.gated = files, set(large), token, gated
        self.license = "apache-2.0"
        self.wrong_hash = set()
        self.more_siblings = []

    def info(self):
        siblings = []
        for name, data in self.files.items():
            row = {"rfilename": name, "size": len(data), "blobId": git_hash(data)}
            if name in self.large:
                digest = "0" * 64 if name in self.wrong_hash else hashlib.sha256(data).hexdigest()
                row["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 134}
            siblings.append(row)
        return {"id": "org/name", "sha": COMMIT, "cardData": {"license": self.license},
                "siblings": siblings + self.more_siblings}


class QuietHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        try:
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client had enough


def run_in_background(server):
    """Whoever shuts it down waits for its next look: at most the interval, which is half a second unless given."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()


def start(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    run_in_background(server)
    return server


class Faults:
    """A server's bookkeeping: what a client did wrong, and what is to go wrong on the way, so many times."""

    def __init__(self):
        self.violations = []
        self.requests = []
        self.storage_bytes = 0     # sent by the storage
        self.busy_answers = 0      # 429s left to give
        self.cuts = 0              # answers of the storage left to break at nine tenths
        self.gate = None           # an Event that the storage waits for after half of an answer
        self.half_sent = threading.Event()
        self.lock = threading.Lock()

    def check(self, is_right, what):
        if not is_right:
            self.violations.append(what)

    def is_busy(self, request):
        """Answers with 429 while there are some left to give."""
        with self.lock:
            if self.busy_answers == 0:
                return False
            self.busy_answers -= 1
        request.answer(429, headers=[("Retry-After", "0")])
        return True

    def send_part(self, request, data, tag, is_storage=False):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        self.check(wanted, "no range")
        condition = request.headers.get("If-Range")
        self.check(condition in (None, f'"{tag}"'), "If-Range")
        first, last = int(wanted[1]), min(int(wanted[2]), len(data) - 1)
        self.check(first <= last, "an empty range")
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        request.send_header("ETag", f'"{tag}"')
        self.send_body(request, data[first:last + 1], is_storage)

    def send_body(self, request, body, is_storage):
        """The rest of an answer, with what is to go wrong."""
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        cut = False
        with self.lock:
            if is_storage and self.cuts > 0:
                self.cuts -= 1
                cut = True
        if cut:
            body = body[:len(body) * 9 // 10]
        half = len(body) // 2
        gate = self.gate if is_storage else None
        try:
            request.wfile.write(body[:half])
            if gate:
                request.wfile.flush()
                self.half_sent.set()
                gate.wait()
            request.wfile.write(body[half:])
        except (BrokenPipeError, ConnectionResetError):
            pass
        with self.lock:
            if is_storage:
                self.storage_bytes += len(body)
        if cut:
            request.close_connection = True


class Hub(Faults):
    """repositories: {"org/name": Repository}."""

    def __init__(self, repositories):
        super().__init__()
        self.repositories = repositories
        self.listing = None        # bytes instead of the true answer to a listing
        hub = self

        class HubHandler(QuietHandler):
            def do_GET(self):
                hub.serve(self)

            def do_HEAD(self):
                hub.violations.append("HEAD " + self.path)
                self.answer(405)

        class StorageHandler(QuietHandler):
            def do_GET(self):
                hub.serve_storage(self)

        self.server, self.storage = start(HubHandler), start(StorageHandler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        # Another host as far as credentials are concerned.
        self.storage_url = "http://localhost:%d" % self.storage.server_port

    def stop(self):
        for server in (self.server, self.storage):
            server.shutdown()
            server.server_close()

    def serve(self, request):
        self.requests.append(request.path)
        url = urllib.parse.urlsplit(request.path)
        if self.is_busy(request):
            return
        listing = re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", url.path)
        resolve = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", url.path)
        self.check(listing or resolve, "path " + request.path)
        found = listing or resolve
        repository = self.repositories.get(found[1]) if found else None
        if repository is None:
            request.answer(401, headers=[("X-Error-Code", "RepoNotFound")])
            return
        token = request.headers.get("Authorization")
        self.check(token is None or token.startswith("Bearer hf_"), "credentials")
        if repository.token and token != "Bearer " + repository.token:
            request.answer(401, headers=[("X-Error-Code", "RepoNotFound")])
        elif repository.gated:
            request.answer(403, headers=[("X-Error-Code", "GatedRepo")])
        elif urllib.parse.unquote(found[2]) not in ("main", "v1", "refs/pr/1", COMMIT):
            request.answer(404, headers=[("X-Error-Code", "RevisionNotFound")])
        elif listing:
            self.check(url.query == "blobs=true", "query " + url.query)
            request.answer(200, self.listing or json.dumps(repository.info()).encode(),
                           [("Content-Type", "application/json")])
        else:
            self.serve_file(request, repository, found, urllib.parse.unquote(resolve[3]))

    def serve_file(self, request, repository, found, name):
        self.check(found[2] == COMMIT, "a file of a moving revision: " + request.path)
        self.check(request.headers.get("Accept-Encoding", "identity") == "identity", "Accept-Encoding")
        if name not in repository.files:
            request.answer(404, headers=[("X-Error-Code", "EntryNotFound")])
        elif name in repository.large:
            where = f"{self.storage_url}/{found[1]}/{urllib.parse.quote(name)}?X-Signature=secret"
            request.answer(302, headers=[("Location", where), ("X-Repo-Commit", COMMIT)])
        else:
            self.send_part(request, repository.files[name], git_hash(repository.files[name]))

    def serve_storage(self, request):
        url = urllib.parse.urlsplit(request.path)
        self.check(url.query == "X-Signature=secret", "the signed address was changed")
        for name in ("Authorization", "Cookie"):
            self.check(request.headers.get(name) is None, name + " at the storage")
        _, org, repository, name = urllib.parse.unquote(url.path).split("/", 3)
        data = self.repositories[f"{org}/{repository}"].files[name]
        self.send_part(request, data, hashlib.sha256(data).hexdigest(), is_storage=True)

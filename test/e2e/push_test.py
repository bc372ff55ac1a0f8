"""sixfold push: what was pushed pulls again, bit for bit, and nobody sees half of it."""
import hashlib
import http.client
import json
import os
import shutil
import signal
import struct
import threading
import unittest

import program
from hub_server import QuietHandler, start
from oci_registry import Registry, login_file
from program import BUILTIN
from s3_server import S3

MIB = 1 << 20


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def gguf(elements):
    """A well-formed file of one F32 tensor that no two places of are alike."""
    def text(value):
        return struct.pack("<Q", len(value)) + value
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + text(b"general.architecture") + struct.pack("<I", 8) + text(b"odd")
    head += text(b"weight") + struct.pack("<IQIQ", 1, elements, 0, 0)
    head += bytes(-len(head) % 32)
    return head + b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(elements // 8))


class PushTest(program.HomeTest):
    def environment(self, extra=None):
        kept = {key: "" for key in os.environ if key.startswith("AWS_")}
        return super().environment({**kept, "XDG_RUNTIME_DIR": "", "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "",
                                    "AWS_EC2_METADATA_DISABLED": "true", **(extra or {})})

    def push(self, model, target, *arguments, **more):
        return json.loads(self.good("push", model, target, *arguments, "--json", **more).stdout)

    def assert_pulls(self, source, files, **more):
        """files: {path: bytes}.  Into a store that has none of them."""
        more["environment"] = {**more.get("environment", {}), "SIXFOLD_HOME": self.path("elsewhere")}
        record = json.loads(self.good("pull", source, "--json", **more).stdout)
        folder = record["path"] if os.path.isdir(record["path"]) else os.path.dirname(record["path"])
        self.assertEqual(sorted(file["path"] for file in record["files"]), sorted(files))
        for path, data in files.items():
            self.assertEqual(read(os.path.join(folder, path)), data)
        shutil.rmtree(self.path("elsewhere"))
        return record

    def folder(self, name="model"):
        """A folder that is a model by its names; what should stay behind beside it."""
        files = {"config.json": b'{"model_type": "odd", "architectures": ["Odd"]}', "tokenizer.json": b"{}", "LICENSE": b"free",
                 "model.safetensors": safetensors(100), "1_Pooling/config.json": b"{}"}
        for path, data in files.items():
            write(self.path(name, path), data)
        write(self.path(name, "README.md"), b"no")
        return self.path(name), files

    def large(self, mib=17):
        write(self.path("large.gguf"), gguf(mib * MIB // 4))
        return self.path("large.gguf"), {"large.gguf": read(self.path("large.gguf"))}


def safetensors(count):
    header = json.dumps({"x": {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + bytes(range(100)) * (4 * count // 100)


class ToS3(PushTest):
    def setUp(self):
        super().setUp()
        self.s3 = S3()
        self.addCleanup(self.s3.stop)

    def environment(self, extra=None):
        return super().environment({"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "very/secret+key",
                                    "AWS_ENDPOINT_URL": self.s3.url, **(extra or {})})

    def tearDown(self):
        self.assertEqual(self.s3.violations, [])
        self.assertEqual(self.s3.uploads, {})

    def test_a_file_becomes_an_object(self):
        done = self.push(BUILTIN, "s3:models/a b/tiny.gguf")
        self.assertEqual((done["source"], done["sent_bytes"]), ("s3:models/a b/tiny.gguf", os.path.getsize(BUILTIN)))
        self.assertEqual(list(self.s3.buckets["models"]), ["a b/tiny.gguf"])
        self.assertEqual(self.s3.data("a b/tiny.gguf"), read(BUILTIN))
        self.assert_pulls("s3:models/a b/tiny.gguf", {"tiny.gguf": read(BUILTIN)})
        self.assertEqual(self.push(BUILTIN, "s3:models/a b/tiny.gguf")["sent_bytes"], 0)
        self.assertEqual(self.s3.count("PUT"), 1)

    def test_a_large_file_goes_in_parts_whose_hash_is_checked_as_a_whole(self):
        path, files = self.large()
        self.push(path, "s3:models/m/", "--part-mib", "6")
        self.assertEqual(self.s3.count("PUT", "partNumber="), 3)
        self.assertEqual(self.s3.data("m/large.gguf"), files["large.gguf"])
        stored = self.s3.buckets["models"]["m/large.gguf"]
        self.assertEqual(stored.headers["x-amz-meta-sixfold-sha256"], hashlib.sha256(files["large.gguf"]).hexdigest())
        self.assert_pulls("s3:models/m/", files)
        # Another content under the same name, and of the same size, is found out.
        stored.data = stored.data[:-1] + bytes([stored.data[-1] ^ 1])
        self.bad(65, "pull", "s3:models/m/large.gguf", words=["SHA-256: want"])

    def test_a_folder_is_a_model_with_its_last_object(self):
        path, files = self.folder()
        order = []
        self.s3.on_request = lambda request: request.command == "PUT" and order.append(request.path.rsplit("/", 1)[1])
        self.push(path, "s3:models/org/folder/")
        self.assertEqual(sorted(self.s3.buckets["models"]), sorted("org/folder/" + name for name in [*files, "sixfold.json"]))
        self.assertEqual((order[0], order[-2:]), ("model.safetensors", ["config.json", "sixfold.json"]))
        self.assertEqual(self.s3.buckets["models"]["org/folder/config.json"].headers["content-type"], "application/json")
        self.assert_pulls("s3:models/org/folder/", files)
        self.bad(64, "push", path, "s3:models/file.gguf", words=["has 5 files"])

    def test_what_is_half_sent_is_no_model(self):
        path, files = self.folder()

        def refuse(request):
            if request.command != "PUT" or not request.path.endswith("/config.json"):
                return False
            request.answer(403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
            return True
        self.s3.on_request = refuse
        self.bad(77, "push", path, "s3:models/f/", words=["AccessDenied"])
        self.bad(66, "pull", "s3:models/f/", words=["neither GGUF nor safetensors"])
        self.s3.on_request = lambda request: False
        again = self.push(path, "s3:models/f/")
        self.assertLess(again["sent_bytes"], sum(map(len, files.values())))
        self.assert_pulls("s3:models/f/", files)

    def test_a_model_that_is_being_replaced_is_not_mixed(self):
        path, files = self.folder()
        self.push(path, "s3:models/f/")
        self.s3.put("f/tokenizer.json", b"{\"new\": 1}")
        self.bad(65, "pull", "s3:models/f/", words=["sixfold.json promises"])

    def test_a_split_file_goes_whole_or_not_at_all(self):
        parts = {f"m-{number:05}-of-00002.gguf": b"x" for number in (1, 2)}
        self.s3.put("s/m-00001-of-00002.gguf", b"x")
        self.bad(66, "pull", "s3:models/s/", words=["want 2 parts, there are 1"])
        self.s3.put("s/m-00002-of-00002.gguf", b"x")
        self.assert_pulls("s3:models/s/", parts)

    def test_an_upload_that_fails_is_taken_back(self):
        path, _ = self.large()

        def refuse(request):
            if "partNumber=3" not in request.path:
                return False
            request.answer(400, b"<Error><Code>BadDigest</Code><Message>no</Message></Error>")
            return True
        self.s3.on_request = refuse
        self.bad(64, "push", path, "s3:models/x.gguf", "--part-mib", "6", words=["BadDigest"])
        self.assertEqual((self.s3.uploads, self.s3.buckets["models"]), ({}, {}))
        self.assertEqual(self.s3.count("DELETE"), 1)

    def test_ctrl_c_leaves_nothing(self):
        path, files = self.large()
        arrived, gate = threading.Event(), threading.Event()

        def hold(request):
            if "partNumber=2" in request.path:
                arrived.set()
                gate.wait(60)
            return False
        self.s3.on_request = hold
        process = self.start_program("push", path, "s3:models/x.gguf", "--part-mib", "6")
        self.assertTrue(arrived.wait(60))
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
        gate.set()
        self.assertEqual(process.returncode, -signal.SIGINT, message)
        self.assertEqual((self.s3.uploads, self.s3.buckets["models"]), ({}, {}))
        self.push(path, "s3:models/x.gguf")
        self.assert_pulls("s3:models/x.gguf", {"x.gguf": files["large.gguf"]})

    def test_a_busy_server_and_a_200_that_is_an_error_are_waited_for(self):
        path, files = self.large()
        left = {"partNumber=2": 1, "complete": 1}

        def trouble(request):
            if request.command == "POST" and "uploadId" in request.path and left["complete"]:
                left["complete"] -= 1
                request.answer(200, b"<Error><Code>InternalError</Code><Message>again</Message></Error>")
                return True
            if "partNumber=2" in request.path and left["partNumber=2"]:
                left["partNumber=2"] -= 1
                request.answer(503, b"<Error><Code>SlowDown</Code></Error>", [("Retry-After", "0")])
                return True
            return False
        self.s3.on_request = trouble
        self.push(path, "s3:models/x.gguf", "--part-mib", "6")
        self.assertEqual(left, {"partNumber=2": 0, "complete": 0})
        self.assertEqual(self.s3.data("x.gguf"), files["large.gguf"])

    def test_a_lost_answer_to_the_last_step_is_no_failure(self):
        path, files = self.large()

        def lose(request):
            if request.command == "POST" and "uploadId" in request.path:
                self.s3.on_request = lambda request: False
                request.drops_answer = True
            return False
        self.s3.on_request = lose
        self.push(path, "s3:models/x.gguf", "--part-mib", "6")
        self.assertEqual(self.s3.data("x.gguf"), files["large.gguf"])

    def test_the_region_is_learned_before_a_body_is_sent(self):
        self.s3.region = "eu-central-1"
        self.push(BUILTIN, "s3:models/tiny.gguf")
        self.assertEqual(self.s3.count("PUT"), 1)

    def test_mistakes_are_explained(self):
        self.bad(64, "push", BUILTIN, "https://h/x", words=["oci:[HOST/]NAME[:TAG]"])
        self.bad(66, "push", "nothing.gguf", "s3:models/x.gguf", words=["no such file"])
        write(self.path("broken.gguf"), b"GGUF")
        self.bad(65, "push", self.path("broken.gguf"), "s3:models/x.gguf")
        self.bad(64, "push", BUILTIN, "s3:models/:q8_0", words=["s3:BUCKET/FOLDER/"])
        self.bad(66, "push", BUILTIN, "s3:other/x.gguf", words=["NoSuchBucket"])
        self.assertIn(b"Example", self.good("push", "--help").stdout)


@unittest.skipUnless(shutil.which("docker-registry"), "docker-registry is not installed")
class ToRegistry(PushTest):
    def setUp(self):
        super().setUp()
        self.registry = Registry(self.work.name)
        self.addCleanup(self.registry.stop)

    def target(self, name="org/tiny:v1", port=None):
        return f"oci:localhost:{port or self.registry.port}/{name}"

    def test_a_file_pulls_again_by_tag_and_by_digest(self):
        done = self.push(BUILTIN, self.target())
        self.assertEqual(done["source"], self.target())
        self.assertEqual(done["sent_bytes"], os.path.getsize(BUILTIN))
        name = os.path.basename(BUILTIN)
        record = self.assert_pulls(self.target(), {name: read(BUILTIN)})
        self.assertEqual(record["revision"], done["revision"])
        self.assert_pulls(self.target("org/tiny@" + done["revision"]), {name: read(BUILTIN)})
        again = self.push(BUILTIN, self.target("org/tiny:v2"))
        self.assertEqual((again["sent_bytes"], again["revision"]), (0, done["revision"]))

    def test_a_folder_pulls_again(self):
        path, files = self.folder()
        self.push(path, self.target())
        self.assert_pulls(self.target(), files)

    def test_a_large_blob_goes_in_pieces(self):
        path, files = self.large()
        self.push(path, self.target(), "--part-mib", "5")
        self.assert_pulls(self.target(), files)

    def test_the_manifest_is_a_model_pack(self):
        self.push(BUILTIN, self.target())
        connection = http.client.HTTPConnection("127.0.0.1", self.registry.port)
        connection.request("GET", "/v2/org/tiny/manifests/v1",
                           headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
        manifest = json.loads(connection.getresponse().read())
        self.assertEqual(manifest["artifactType"], "application/vnd.cncf.model.manifest.v1+json")
        self.assertEqual(manifest["layers"][0]["mediaType"], "application/vnd.cncf.model.weight.v1.raw")
        connection.request("GET", "/v2/org/tiny/blobs/" + manifest["config"]["digest"])
        config = json.loads(connection.getresponse().read())
        connection.close()
        self.assertEqual((config["config"]["architecture"], config["config"]["format"]), ("llama", "gguf"))
        self.assertEqual(config["modelfs"], {"type": "layers", "diffIds": [manifest["layers"][0]["digest"]]})

    def test_a_pulled_model_is_mounted_beside_itself(self):
        self.push(BUILTIN, self.target())
        self.good("pull", self.target())
        self.assertEqual(self.push(self.target(), self.target("other/tiny:v1"))["sent_bytes"], 0)
        self.assert_pulls(self.target("other/tiny:v1"), {os.path.basename(BUILTIN): read(BUILTIN)})

    def test_a_login_is_needed_and_found(self):
        os.mkdir(self.path("closed"))
        closed = Registry(self.path("closed"), ("me", "secret"))
        self.addCleanup(closed.stop)
        target = self.target(port=closed.port)
        self.bad(77, "push", BUILTIN, target, words=["docker login"])
        self.bad(77, "push", BUILTIN, target, environment=login_file(self.work.name, closed.host, "me", "wrong"))
        login = login_file(self.work.name, closed.host, "me", "secret")
        done = self.good("push", BUILTIN, target, "--log-level", "trace", environment=login)
        self.assertNotIn(b"secret", done.stderr)
        self.assert_pulls(target, {os.path.basename(BUILTIN): read(BUILTIN)}, environment=login)

    def test_a_digest_is_no_target(self):
        self.bad(64, "push", BUILTIN, self.target("org/tiny@sha256:" + "0" * 64), words=["wants a tag"])

    def proxy(self):
        proxy = Proxy(self.registry.port)
        self.addCleanup(proxy.stop)
        return proxy

    def test_a_cut_upload_goes_on(self):
        path, files = self.large()
        proxy = self.proxy()
        proxy.cuts = {("PATCH", 2): 0.9, ("PUT", 1): 1.0}
        self.push(path, self.target(port=proxy.port), "--part-mib", "5")
        self.assertEqual(proxy.cuts, {})
        self.assertIn("GET", proxy.methods)
        self.assert_pulls(self.target(), files)

    def test_a_busy_registry_is_waited_for(self):
        proxy = self.proxy()
        proxy.answers = {("PUT", 1): (429, [("Retry-After", "0")]), ("POST", 1): (503, [("Retry-After", "0")])}
        self.push(BUILTIN, self.target(port=proxy.port))
        self.assertEqual(proxy.answers, {})
        self.assert_pulls(self.target(), {os.path.basename(BUILTIN): read(BUILTIN)})

    def test_ctrl_c_leaves_no_tag(self):
        path, _ = self.large()
        proxy = self.proxy()
        proxy.gate = threading.Event()
        process = self.start_program("push", path, self.target(port=proxy.port), "--part-mib", "5")
        self.assertTrue(proxy.arrived.wait(60))
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
        proxy.gate.set()
        self.assertEqual(process.returncode, -signal.SIGINT, message)
        self.assertIn("DELETE", proxy.methods)
        self.bad(66, "pull", self.target(), words=["no such model or tag"])

    def test_an_upload_elsewhere_sees_no_login(self):
        seen = []

        class Elsewhere(QuietHandler):
            def do_PUT(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append(self.headers.get("Authorization"))
                self.answer(403)

            do_PATCH = do_DELETE = do_GET = do_PUT

        elsewhere = start(Elsewhere)
        self.addCleanup(elsewhere.server_close)
        self.addCleanup(elsewhere.shutdown)

        class Sends(QuietHandler):
            def do_HEAD(self):
                if self.headers.get("Authorization"):
                    self.answer(404)
                else:
                    self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="x"')])

            def do_POST(self):
                self.answer(202, headers=[("Location", f"http://localhost:{elsewhere.server_port}/upload?x=1")])

        registry = start(Sends)
        self.addCleanup(registry.server_close)
        self.addCleanup(registry.shutdown)
        host = f"127.0.0.1:{registry.server_port}"
        self.bad(77, "push", BUILTIN, f"oci:{host}/a/b", environment=login_file(self.work.name, host, "me", "secret"))
        self.assertEqual(set(seen), {None})


class Proxy:
    """Stands before a registry and breaks what a test orders: (method, n-th request with it)."""

    def __init__(self, port):
        self.methods, self.counts = [], {}
        self.cuts = {}      # how much of a request's body goes through before both connections break
        self.answers = {}   # (status, headers) instead of the registry's
        self.gate = None    # PATCH waits for it
        self.arrived = threading.Event()
        proxy = self

        class Handler(QuietHandler):
            def do_any(self):
                proxy.serve(self, port)

            do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_any

        self.server = start(Handler)
        self.port = self.server.server_port

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, request, port):
        method = request.command
        self.counts[method] = self.counts.get(method, 0) + 1
        key = (method, self.counts[method])
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.methods.append(method)
        if self.gate and method == "PATCH":
            self.arrived.set()
            self.gate.wait(60)
        if key in self.answers:
            status, headers = self.answers.pop(key)
            request.answer(status, headers=headers)
            return
        cut = self.cuts.pop(key, None)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        headers = {name: value for name, value in request.headers.items() if name != "Expect"}
        connection.putrequest(method, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            connection.send(body[:int(len(body) * cut)] if cut is not None else body)
        except BrokenPipeError:
            pass  # the registry has refused it already, which its answer tells
        if cut is not None:
            if cut == 1.0:
                connection.getresponse().read()  # the registry has done it, and nobody hears of it
            connection.close()
            request.close_connection = True
            return
        response = connection.getresponse()
        content = response.read()
        request.send_response(response.status)
        for name, value in response.getheaders():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True
        connection.close()


if __name__ == "__main__":
    unittest.main()

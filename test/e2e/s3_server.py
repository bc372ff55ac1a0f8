"""An S3 server that takes nothing on trust: signatures, hashes, dates, hosts, conditions, the order of parts.

One thread a connection; `faults` are what a test orders.  What a client should not have sent is noted in `violations`.
"""
import base64
import hashlib
import http.server
import re
import socket
import threading
import time
import urllib.parse
import xml.etree.ElementTree
from xml.sax.saxutils import escape

import sigv4_check
from hub_server import QuietHandler, run_in_background
from sigv4_check import Keys, Refused

PART_BYTES_MIN = 5 << 20


def base64_sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class Stored:
    """An object, or the parts of one."""

    def __init__(self, data, headers=(), tag=None):
        self.data, self.headers = data, dict(headers)
        self.tag = tag or '"%s"' % hashlib.md5(data).hexdigest()


class Upload:
    def __init__(self, key, headers):
        self.key, self.headers, self.parts = key, headers, {}


class S3:
    def __init__(self, region="us-east-1"):
        self.region, self.keys = region, {}
        self.buckets = {"models": {}}     # name: {key: Stored}
        self.public = set()               # buckets that may be read without a signature
        self.uploads = {}                 # id: Upload
        self.page_keys = 1000
        self.clock_offset_s = 0
        self.violations, self.requests = [], []
        self.busy_answers = 0             # 503s left to give
        self.cuts = 0                     # answers with content left to break at nine tenths
        self.gate = None                  # an Event that answers with content wait for after their half
        self.half_sent = threading.Event()
        self.on_request = lambda request: False   # True: it has answered
        self.content_bytes = 0
        self.lock = threading.RLock()
        self.add_keys(Keys())
        s3 = self

        class Handler(QuietHandler):
            timeout = 60
            drops_answer = False  # the work is done, and nobody hears of it

            def answer(self, status, body=b"", headers=()):
                if self.drops_answer:
                    self.close_connection = True
                    return
                super().answer(status, body, headers)

            def do_GET(self):
                s3.serve(self)

            do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

        class BothFamilies(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = BothFamilies(("127.0.0.1", 0), Handler)
        run_in_background(self.server)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def add_keys(self, keys):
        self.keys[keys.access] = keys
        return keys

    def put(self, key, data, bucket="models", **more):
        self.buckets[bucket][key] = Stored(data, **more)

    def data(self, key, bucket="models"):
        return self.buckets[bucket][key].data

    def count(self, method, text=""):
        return sum(1 for line in self.requests if line.startswith(method + " ") and text in line)

    def answer_error(self, request, refused):
        more = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in refused.more.items())
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{refused.code}</Code><Message>'
                f"{escape(refused.message)}</Message>{more}<RequestId>4442587FB7D0A2F9</RequestId></Error>").encode()
        headers = [("Content-Type", "application/xml"),
                   ("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self.now())))]
        if "Region" in refused.more:
            headers.append(("x-amz-bucket-region", refused.more["Region"]))
        request.answer(refused.status, b"" if request.command == "HEAD" else body, headers)

    def now(self):
        return time.time() + self.clock_offset_s

    def serve(self, request):
        length = request.headers.get("Content-Length")
        if request.headers.get("Transfer-Encoding"):
            self.violations.append("Transfer-Encoding")
        body = request.rfile.read(int(length)) if length else b""
        request.date_time_string = lambda timestamp=None: time.strftime("%a, %d %b %Y %H:%M:%S GMT",
                                                                        time.gmtime(self.now()))
        with self.lock:
            self.requests.append(f"{request.command} {request.path}")
            if self.busy_answers > 0:
                self.busy_answers -= 1
                request.answer(503, headers=[("Retry-After", "0")])
                return
        if self.on_request(request):
            return
        try:
            self.dispatch(request, body)
        except Refused as refused:
            self.answer_error(request, refused)

    def dispatch(self, request, body):
        path, _, query = request.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        host = request.headers.get("Host", "")
        label = re.fullmatch(rf"(.+)\.localhost:{self.port}", host)
        if label:
            bucket, key = label[1], path[1:]
        elif host in (f"127.0.0.1:{self.port}", f"localhost:{self.port}"):
            _, bucket, key = path.split("/", 2)
        else:
            raise Refused(400, "InvalidRequest", "Host")
        key = urllib.parse.unquote(key)
        is_reading = request.command in ("GET", "HEAD")
        if request.headers.get("Authorization") or not (is_reading and bucket in self.public):
            sigv4_check.check(request.command, request.path, request.headers, body, self.keys, self.region, "s3",
                              self.now())
        if bucket not in self.buckets:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist")
        checksum = request.headers.get("x-amz-checksum-sha256")
        if checksum and checksum != base64_sha256(body):
            raise Refused(400, "BadDigest", "x-amz-checksum-sha256")
        if request.command == "GET" and not key:
            self.list(request, bucket, query)
        elif is_reading:
            self.get(request, bucket, key)
        else:
            self.change(request, bucket, key, query, body)

    def list(self, request, bucket, query):
        if query.pop("list-type", None) != "2" or query.pop("encoding-type", None) != "url":
            raise Refused(400, "InvalidArgument", "list-type, encoding-type")
        prefix, token = query.pop("prefix", ""), query.pop("continuation-token", None)
        if query:
            raise Refused(400, "InvalidArgument", str(query))
        keys = sorted(key for key in self.buckets[bucket] if key.startswith(prefix))
        begin = 0
        if token is not None:
            if not re.fullmatch(r"\d+/\+=&", token):
                raise Refused(400, "InvalidArgument", "The continuation token provided is incorrect")
            begin = int(token[:-4])
        page = keys[begin:begin + self.page_keys]
        is_truncated = begin + len(page) < len(keys)
        rows = "".join(f"<Contents><Key>{urllib.parse.quote(key)}</Key><ETag>{escape(found.tag)}</ETag>"
                       f"<Size>{len(found.data)}</Size></Contents>"
                       for key, found in ((key, self.buckets[bucket][key]) for key in page))
        following = escape(f"<NextContinuationToken>{begin + len(page)}/+=&</NextContinuationToken>", {}) \
            .replace("&lt;", "<").replace("&gt;", ">") if is_truncated else ""
        request.answer(200, ('<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                             f"<EncodingType>url</EncodingType><IsTruncated>{str(is_truncated).lower()}</IsTruncated>"
                             f"<KeyCount>{len(page)}</KeyCount>{following}{rows}</ListBucketResult>").encode(),
                       [("Content-Type", "application/xml")])

    def get(self, request, bucket, key):
        found = self.buckets[bucket].get(key)
        if found is None:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        if request.headers.get("If-Match") not in (None, found.tag):
            raise Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        headers = [("ETag", found.tag), ("Accept-Ranges", "bytes")]
        headers += [(name, value) for name, value in found.headers.items() if not name.startswith("x-amz-checksum-") or
                    request.headers.get("x-amz-checksum-mode") == "ENABLED"]
        if request.command == "HEAD":
            request.send_response(200)
            for name, value in headers + [("Content-Length", str(len(found.data)))]:
                request.send_header(name, value)
            request.end_headers()
            return
        body, status = found.data, 200
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        if wanted and request.headers.get("If-Range") in (None, found.tag):
            first, last = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
            if first > last:
                raise Refused(416, "InvalidRange", "The requested range is not satisfiable")
            headers.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
            body, status = body[first:last + 1], 206
        self.send(request, status, headers, body)

    def send(self, request, status, headers, body):
        with self.lock:
            is_cut = self.cuts > 0
            self.cuts -= is_cut
        request.send_response(status)
        for name, value in headers + [("Content-Length", str(len(body)))]:
            request.send_header(name, value)
        request.end_headers()
        body = body[:len(body) * 9 // 10] if is_cut else body
        half = len(body) // 2
        try:
            request.wfile.write(body[:half])
            request.wfile.flush()
            self.half_sent.set()
            if self.gate:
                self.gate.wait()
            request.wfile.write(body[half:])
            request.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True
        with self.lock:
            self.content_bytes += len(body)
        if is_cut:
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)

    def change(self, request, bucket, key, query, body):
        objects = self.buckets[bucket]
        headers = {name.lower(): value for name, value in request.headers.items()
                   if name.lower().startswith("x-amz-meta-") or name.lower() == "content-type"}
        if request.command != "DELETE" and "Content-Length" not in request.headers:
            raise Refused(411, "MissingContentLength", "Content-Length")
        if request.command == "PUT" and not query:
            if request.headers.get("x-amz-checksum-sha256"):
                headers["x-amz-checksum-sha256"] = base64_sha256(body)
            objects[key] = Stored(body, headers)
            request.answer(200, headers=[("ETag", objects[key].tag)])
        elif request.command == "POST" and query == {"uploads": ""}:
            with self.lock:
                number = f"upload/{len(self.requests)}+="
                self.uploads[number] = Upload(key, headers)
            self.uploads[number].has_checksums = request.headers.get("x-amz-checksum-algorithm") == "SHA256"
            request.answer(200, ("<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>"
                                 f"{number}</UploadId></InitiateMultipartUploadResult>").encode())
        else:
            upload = self.uploads.get(query.get("uploadId"))
            if upload is None or upload.key != key:
                raise Refused(404, "NoSuchUpload", "The specified upload does not exist.")
            if request.command == "PUT":
                self.put_part(request, upload, int(query["partNumber"]), body)
            elif request.command == "DELETE":
                del self.uploads[query["uploadId"]]
                request.answer(204)
            else:
                objects[key] = self.complete(upload, body)
                del self.uploads[query["uploadId"]]
                request.answer(200, ('<CompleteMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                                     f"<ETag>{escape(objects[key].tag)}</ETag></CompleteMultipartUploadResult>").encode())

    def put_part(self, request, upload, number, body):
        if not 1 <= number <= 10000:
            raise Refused(400, "InvalidArgument", "partNumber")
        if upload.has_checksums and not request.headers.get("x-amz-checksum-sha256"):
            raise Refused(400, "InvalidRequest", "want x-amz-checksum-sha256 with every part")
        upload.parts[number] = Stored(body)
        request.answer(200, headers=[("ETag", upload.parts[number].tag),
                                     ("x-amz-checksum-sha256", base64_sha256(body))])

    def complete(self, upload, body):
        space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
        rows = xml.etree.ElementTree.fromstring(body).findall(space + "Part")
        numbers = [int(row.findtext(space + "PartNumber")) for row in rows]
        if not rows or numbers != sorted(set(numbers)):
            raise Refused(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        parts = []
        for row, number in zip(rows, numbers):
            part = upload.parts.get(number)
            if part is None or row.findtext(space + "ETag") != part.tag:
                raise Refused(400, "InvalidPart", f"part {number}")
            if upload.has_checksums and row.findtext(space + "ChecksumSHA256") != base64_sha256(part.data):
                raise Refused(400, "InvalidPart", f"checksum of part {number}")
            parts.append(part.data)
        if any(len(part) < PART_BYTES_MIN for part in parts[:-1]):
            raise Refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        tag = '"%s-%d"' % (hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest(), len(parts))
        headers = dict(upload.headers)
        if upload.has_checksums:
            digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
            headers["x-amz-checksum-sha256"] = base64.b64encode(digest).decode() + f"-{len(parts)}"
            headers["x-amz-checksum-type"] = "COMPOSITE"
        return Stored(b"".join(parts), headers, tag)

"""Models in S3: a server that checks every signature, and everything that can go wrong on the way."""
import hashlib
import json
import os
import signal
import threading
import unittest
import urllib.parse

import program
from hub_server import QuietHandler, start
from program import BUILTIN
from s3_server import S3, base64_sha256
from sigv4_check import Keys

SECRETS = ("very/secret+key", "AKIATEST")


def builtin_bytes():
    with open(BUILTIN, "rb") as file:
        return file.read()


class S3Test(program.HomeTest):
    def setUp(self):
        super().setUp()
        self.s3 = S3()
        self.addCleanup(self.s3.stop)

    def environment(self, extra=None):
        kept = {key: "" for key in os.environ if key.startswith("AWS_")}
        return super().environment({**kept, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": SECRETS[0],
                                    "AWS_ENDPOINT_URL": self.s3.url, "AWS_EC2_METADATA_DISABLED": "true",
                                    **(extra or {})})

    def tearDown(self):
        self.assertEqual(self.s3.violations, [])

    def assert_pulled(self, source, files, **more):
        record = json.loads(self.good("pull", source, "--json", **more).stdout)
        self.assertEqual({file["path"]: file["sha256"] for file in record["files"]},
                         {path: hashlib.sha256(data).hexdigest() for path, data in files.items()})
        folder = record["path"] if os.path.isdir(record["path"]) else os.path.dirname(record["path"])
        for path, data in files.items():
            with open(os.path.join(folder, path), "rb") as file:
                self.assertEqual(file.read(), data)
        return record

    def before_second_get(self, act):
        """What happens between the first answer, cut, and the request for the rest."""
        gets = []

        def count(request):
            if request.command == "GET":
                gets.append(request.path)
                if len(gets) == 2:
                    act()
        self.s3.on_request = count


class Pull(S3Test):
    def test_an_object_is_pulled_in_parts_and_runs_without_asking_again(self):
        self.s3.put("a/tiny.gguf", builtin_bytes())
        self.assert_pulled("s3:models/a/tiny.gguf", {"tiny.gguf": builtin_bytes()})
        asked = len(self.s3.requests)
        self.good("run", "s3://models/a/tiny.gguf", "The sea", "-n", "2")
        self.assertEqual(len(self.s3.requests), asked)
        self.assertEqual(self.s3.count("HEAD"), 1)
        self.assertEqual(self.s3.content_bytes, len(builtin_bytes()))

    def test_large_objects_come_on_several_connections(self):
        data = os.urandom(20 << 20)
        self.s3.put("large.gguf", data)
        self.assert_pulled("s3:models/large.gguf", {"large.gguf": data})
        self.assertGreaterEqual(self.s3.count("GET"), 2)

    def test_run_pulls_on_first_use(self):
        self.s3.put("tiny.gguf", builtin_bytes())
        done = self.good("run", "s3:models/tiny.gguf", "The sea", "-n", "2")
        self.assertIn(b"getting s3:models/tiny.gguf", done.stderr)

    def test_keys_with_odd_letters_are_signed_right(self):
        key = "a b/c+d=e&f/\u00fc~(1)'!*@$,;/t\u00efny x.gguf"
        self.s3.put(key, builtin_bytes())
        self.assert_pulled("s3:models/" + key, {"t\u00efny x.gguf": builtin_bytes()})

    def test_a_folder_is_listed_over_several_pages(self):
        files = {"config.json": b"{}", "tokenizer.json": b"{ }", "1_Pooling/config.json": b"{  }"}
        names = [f"model-{number:05}-of-00009.safetensors" for number in range(1, 10)]
        files.update({name: name.encode() * 100 for name in names})
        files["model.safetensors.index.json"] = b"[]"
        for path, data in files.items():
            self.s3.put("org/a folder+/" + path, data)
        for path in ("README.md", "pytorch_model.bin", "sub/other.gguf", ""):
            self.s3.put("org/a folder+/" + path, b"other")
        self.s3.page_keys = 3
        self.assert_pulled("s3:models/org/a folder+/", files)
        self.assertEqual(self.s3.count("GET", "list-type=2"), 6)

    def test_a_quantization_and_a_split_file_are_chosen_as_everywhere(self):
        parts = {f"m-q4_0-{number:05}-of-00003.gguf": b"part%d" % number for number in range(1, 4)}
        for path, data in {**parts, "m-q8_0.gguf": b"eight", "m-q2_k.gguf": b"two"}.items():
            self.s3.put("m/" + path, data)
        self.assert_pulled("s3:models/m/:q8_0", {"m-q8_0.gguf": b"eight"})
        self.assert_pulled("s3:models/m/:Q4_0", parts)
        self.assert_pulled("s3:models/m/m-q4_0-00002-of-00003.gguf", parts)
        self.bad(64, "pull", "s3:models/m/", words=["want a quantization", "m-q2_k.gguf"])
        self.bad(66, "pull", "s3:models/m/:q5_0", words=["there is:"])

    def test_a_checksum_of_the_server_is_checked(self):
        data = builtin_bytes()
        self.s3.put("good.gguf", data, headers={"x-amz-checksum-sha256": base64_sha256(data)})
        self.s3.put("bad.gguf", data, headers={"x-amz-checksum-sha256": base64_sha256(b"other")})
        self.s3.put("composite.gguf", data, headers={"x-amz-checksum-sha256": base64_sha256(b"other"),
                                                     "x-amz-checksum-type": "COMPOSITE"})
        self.assert_pulled("s3:models/good.gguf", {"good.gguf": data})
        self.bad(65, "pull", "s3:models/bad.gguf", words=["SHA-256: want"])
        self.assert_pulled("s3:models/composite.gguf", {"composite.gguf": data})
        self.bad(65, "pull", "s3:models/composite.gguf#sha256=" + "0" * 64, words=["SHA-256: want 0000"])

    def test_what_is_not_there_is_explained(self):
        self.s3.put("folder/x.gguf", b"x")
        self.bad(66, "pull", "s3:models/none.gguf", words=["no such object"])
        self.bad(66, "pull", "s3:models/folder", words=["s3:models/folder/ means it"])
        self.bad(66, "pull", "s3:models/empty/", words=["neither GGUF nor safetensors"])
        self.bad(66, "pull", "s3:other/empty/", words=["NoSuchBucket", "4442587FB7D0A2F9"])
        self.bad(64, "pull", "s3:M/x", words=["s3:BUCKET/KEY"])
        self.bad(69, "pull", "--offline", "s3:models/folder/x.gguf", words=["--offline"])

    def test_virtual_hosts(self):
        self.s3.put("a b.gguf", builtin_bytes())
        local = {"AWS_ENDPOINT_URL": f"http://localhost:{self.s3.port}", "SIXFOLD_S3_ADDRESSING": "virtual"}
        self.assert_pulled("s3:models/a b.gguf", {"a b.gguf": builtin_bytes()}, environment=local)
        self.assertIn("HEAD /a%20b.gguf", self.s3.requests)

    def test_settings_come_from_profiles_too(self):
        self.s3.put("tiny.gguf", builtin_bytes())
        os.makedirs(self.path("home", ".aws"))
        with open(self.path("home", ".aws", "config"), "w", encoding="ascii") as file:
            file.write(f"[profile work]\nregion = eu-west-1\nservices = local\n[services local]\ns3 =\n"
                       f"  endpoint_url = {self.s3.url}\n")
        with open(self.path("home", ".aws", "credentials"), "w", encoding="ascii") as file:
            file.write(f"[work]\naws_access_key_id = AKIATEST\naws_secret_access_key = {SECRETS[0]}\n")
        self.s3.region = "eu-west-1"
        setting = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL": "", "AWS_PROFILE": "work"}
        self.assert_pulled("s3:models/tiny.gguf", {"tiny.gguf": builtin_bytes()}, environment=setting)

    def test_public_buckets_need_no_credentials(self):
        self.s3.put("tiny.gguf", builtin_bytes())
        nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        self.bad(77, "pull", "s3:models/tiny.gguf", words=["no AWS credentials were found"], environment=nobody)
        self.s3.public.add("models")
        self.assert_pulled("s3:models/tiny.gguf", {"tiny.gguf": builtin_bytes()}, environment=nobody)
        self.good("rm", "s3:models/tiny.gguf")
        wrong = {"SIXFOLD_S3_ANONYMOUS": "1", "AWS_SECRET_ACCESS_KEY": "wrong"}
        self.assert_pulled("s3:models/tiny.gguf", {"tiny.gguf": builtin_bytes()}, environment=wrong)


class Faults(S3Test):
    def setUp(self):
        super().setUp()
        self.s3.put("tiny.gguf", builtin_bytes())
        self.files = {"tiny.gguf": builtin_bytes()}
        self.source = "s3:models/tiny.gguf"

    def test_wrong_keys_are_refused_and_never_shown(self):
        for extra in ({"AWS_SECRET_ACCESS_KEY": "wrong/secret"}, {"AWS_ACCESS_KEY_ID": "AKIAOTHER"},
                      {"AWS_SESSION_TOKEN": "secret/token"}):
            done = self.bad(77, "pull", self.source, "--log-level", "trace", environment=extra)
            for secret in ("wrong/secret", "AKIAOTHER", "secret/token", *SECRETS):
                self.assertNotIn(secret.encode(), done.stderr)
        self.bad(77, "pull", "s3:models/folder/", words=["SignatureDoesNotMatch"],
                 environment={"AWS_SECRET_ACCESS_KEY": "wrong"})

    def test_what_a_server_repeats_of_the_keys_is_wiped(self):
        def refuse(request):
            body = f"<Error><Code>AccessDenied</Code><Message>you sent {' '.join(SECRETS)}</Message></Error>".encode()
            request.answer(403, body if request.command == "GET" else b"")
            return True
        self.s3.on_request = refuse
        done = self.bad(77, "pull", "s3:models/folder/", words=["AccessDenied", "***"])
        for secret in SECRETS:
            self.assertNotIn(secret.encode(), done.stderr)

    def test_the_region_is_learned_from_the_bucket(self):
        self.s3.region = "eu-central-1"
        self.assert_pulled(self.source, self.files)

    def test_a_wrong_clock_is_put_right(self):
        self.s3.clock_offset_s = 3600
        self.assert_pulled(self.source, self.files)

    def test_a_redirect_to_another_host_is_not_followed(self):
        seen = []

        class Elsewhere(QuietHandler):
            def do_GET(self):
                seen.append(dict(self.headers))
                self.answer(200, builtin_bytes())

            do_HEAD = do_GET

        elsewhere = start(Elsewhere)
        self.addCleanup(elsewhere.server_close)
        self.addCleanup(elsewhere.shutdown)

        def redirect(request):
            request.answer(307, headers=[("Location", f"http://localhost:{elsewhere.server_port}/x")])
            return True
        self.s3.on_request = redirect
        self.bad(64, "pull", self.source, words=["a redirect is not followed"])
        self.assertEqual(seen, [])

    def test_cuts_and_a_busy_server_end_well(self):
        self.s3.busy_answers, self.s3.cuts = 2, 2
        self.assert_pulled(self.source, self.files)
        self.assertEqual(self.s3.content_bytes, len(builtin_bytes()))

    def test_slow_down_is_waited_for(self):
        left = [2]

        def slow_down(request):
            if request.command == "GET" and left[0] > 0:
                left[0] -= 1
                request.answer(503, b"<Error><Code>SlowDown</Code></Error>", [("Retry-After", "0")])
                return True
            return False
        self.s3.on_request = slow_down
        self.assert_pulled(self.source, self.files)

    def test_an_object_that_changes_meanwhile_is_not_mixed(self):
        self.s3.cuts = 1
        self.before_second_get(lambda: self.s3.put("tiny.gguf", b"new" * 99999))
        self.bad(65, "pull", self.source, words=["changed meanwhile"])
        self.assert_pulled(self.source, {"tiny.gguf": b"new" * 99999})

    def test_keys_that_expire_in_mid_transfer_are_renewed(self):
        given = []

        class Sts(QuietHandler):
            def do_POST(handler):
                form = dict(urllib.parse.parse_qsl(handler.rfile.read(int(handler.headers["Content-Length"])).decode()))
                self.assertEqual(form["WebIdentityToken"], "web-token")
                given.append(self.s3.add_keys(Keys(f"ASIA{len(given)}", "temporary", f"session/{len(given)}=")))
                keys = given[-1]
                handler.answer(200, (
                    '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
                    f"<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{keys.access}</AccessKeyId>"
                    f"<SecretAccessKey>{keys.secret}</SecretAccessKey><SessionToken>{keys.token}</SessionToken>"
                    "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                    "</AssumeRoleWithWebIdentityResponse>").encode())

        sts = start(Sts)
        self.addCleanup(sts.server_close)
        self.addCleanup(sts.shutdown)
        with open(self.path("token"), "w", encoding="ascii") as file:
            file.write("web-token\n")
        self.s3.cuts = 1

        self.before_second_get(lambda: setattr(given[0], "is_expired", True))
        self.assert_pulled(self.source, self.files, environment={
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
            "AWS_WEB_IDENTITY_TOKEN_FILE": self.path("token"),
            "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.server_port}"})
        self.assertEqual(len(given), 2)

    def test_ctrl_c_keeps_what_is_there_for_the_next_time(self):
        self.s3.gate = threading.Event()
        process = self.start_program("pull", self.source)
        self.assertTrue(self.s3.half_sent.wait(60))
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
        self.s3.gate.set()
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertIn(b"goes on where this one stopped", message)
        self.assertEqual(self.good("list", "--json").stdout, b"[]\n")
        self.s3.gate = None
        self.assert_pulled(self.source, self.files)

    def test_two_at_once_download_once(self):
        self.s3.put("tiny.gguf", builtin_bytes(), headers={"x-amz-checksum-sha256": base64_sha256(builtin_bytes())})
        self.pull_twice_at_once(self.source, self.s3)
        self.assertEqual(self.s3.content_bytes, len(builtin_bytes()))

    def test_a_full_disk_is_named(self):
        done = self.run_on_full_disk("pull", self.source)
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(b"partial", done.stderr)

    def test_listings_that_are_wrong_are_refused(self):
        for listing, word in ((b"{}", "want XML"), (b"<a/>", "ListBucketResult"), (b"<ListBucketResult>", "want XML"),
                              (b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "IsTruncated"),
                              (b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x"
                               b"</NextContinuationToken></ListBucketResult>", "does not end"),
                              (b"<ListBucketResult><Contents><Key>other</Key></Contents></ListBucketResult>", "prefix"),
                              (b"<ListBucketResult><Contents><Key>f/../../x.gguf</Key></Contents></ListBucketResult>",
                               "no such object")):
            def answer(request, listing=listing):
                if "list-type" not in request.path:
                    return False
                request.answer(200, listing)
                return True
            self.s3.on_request = answer
            done = self.run_program("pull", "s3:models/f/")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(word, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()

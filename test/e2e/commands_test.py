"""Every command of the program, and what it says when something is wrong."""
import json
import os
import pty
import select
import subprocess
import tempfile
import termios
import unittest

import program
from program import BUILTIN, run


class Run(unittest.TestCase):
    def test_continues_a_text_and_ends_with_speeds(self):
        done = run("run", "Once upon a time", "-n", "24", "--temperature", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(b"Once upon a time"))
        self.assertGreater(len(done.stdout), len("Once upon a time") + 20)
        self.assertRegex(done.stderr.decode(), r"prompt \d+ tokens, [\d.]+ tokens/s; answer 24 tokens, [\d.]+ tokens/s")

    def test_same_seed_gives_the_same_text_and_another_seed_another(self):
        texts = [run("run", "The king", "-n", "32", "--seed", seed).stdout for seed in ("7", "7", "8")]
        self.assertEqual(texts[0], texts[1])
        self.assertNotEqual(texts[0], texts[2])

    def test_a_file_and_the_builtin_model_answer_alike(self):
        from_file = run("run", BUILTIN, "The sea", "-n", "16", "--temperature", "0")
        builtin = run("run", "builtin:", "The sea", "-n", "16", "--temperature", "0")
        self.assertEqual(from_file.stdout, builtin.stdout)

    def test_reads_the_prompt_from_standard_input(self):
        done = run("run", "-n", "4", text_in=b"The whale")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(b"The whale"))

    def test_a_prompt_longer_than_the_context_is_a_clean_error(self):
        done = run("run", "-", text_in=b"word " * 5000)
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"context length", done.stderr)

    def test_greedy_text_is_the_same_on_every_instruction_set_request(self):
        bad = run("run", "x", environment={"SIXFOLD_ISA": "mmx"})
        self.assertEqual(bad.returncode, 64)
        self.assertIn(b"scalar", bad.stderr)
        self.assertEqual(run("run", "x", "-n", "2", environment={"SIXFOLD_ISA": "scalar"}).returncode, 0)


class Chat(unittest.TestCase):
    """`sixfold run MODEL` in a real terminal."""

    def setUp(self):
        try:
            self.terminal, inner = pty.openpty()
        except OSError as error:
            self.skipTest(f"no pseudo-terminals here: {error}")
        self.process = subprocess.Popen(
            [program.PROGRAM, "run", "builtin:", "-n", "400"],
            stdin=inner, stdout=inner, stderr=inner,
            env=program.clean_environment({"TERM": "xterm"}), start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0))
        os.close(inner)
        self.seen = b""

    def tearDown(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def wait_for(self, text):
        """Reads the terminal until `text` has come since the last wait."""
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], 60)
            self.assertTrue(ready, f"no {text!r} in {self.seen!r}")
            try:
                self.seen += os.read(self.terminal, 4096)
            except OSError:
                self.fail(f"the program ended before {text!r}: {self.seen!r}")
        self.seen = self.seen.split(text, 1)[1]

    def wait_for_editor(self, is_reading):
        """Until the line editor has taken the terminal over (raw mode), or has given it back."""
        for _ in range(6000):
            is_raw = not termios.tcgetattr(self.terminal)[3] & termios.ICANON
            if is_raw == is_reading:
                return
            if select.select([self.terminal], [], [], 0.01)[0]:
                self.seen += os.read(self.terminal, 4096)
        self.fail(f"the line editor is not {'reading' if is_reading else 'done'}: {self.seen!r}")

    def test_answers_stops_at_ctrl_c_and_leaves_at_ctrl_d(self):
        self.wait_for_editor(is_reading=True)
        os.write(self.terminal, b"Once upon a time\r")
        self.wait_for_editor(is_reading=False)  # the answer has begun
        os.write(self.terminal, b"\x03")
        self.wait_for(b"tokens/s")
        self.wait_for_editor(is_reading=True)
        os.write(self.terminal, b"/help\r")
        self.wait_for(b"/new")
        self.wait_for_editor(is_reading=True)
        os.write(self.terminal, b"\x04")
        self.assertEqual(self.process.wait(60), 0)


class Bench(unittest.TestCase):
    def test_json_has_every_row_with_its_limit_and_the_machine(self):
        done = run("bench", "--prompt", "16,32", "--generate", "8", "--batch", "1,2", "--depth", "4", "--repeat", "2",
                   "--threads", "1", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        rows = [(row["kind"], row["sequences"], row["tokens"], row["depth"], row["limit"]) for row in report["rows"]]
        self.assertEqual(rows, [("prefill", 1, 16, 4, "operations"), ("prefill", 1, 32, 4, "operations"),
                                ("decode", 1, 8, 4, "bytes"), ("decode", 2, 8, 4, "bytes + operations")])
        for row in report["rows"]:
            self.assertGreater(row["tokens_per_s"], 0)
            self.assertLessEqual(row["spread"]["min"], row["spread"]["max"])
            self.assertGreater(row["work"]["bytes"], 0)
        self.assertEqual(report["prefill_tokens_per_s"], report["rows"][0]["tokens_per_s"])
        self.assertEqual(report["decode_tokens_per_s"], report["rows"][2]["tokens_per_s"])
        self.assertEqual(report["threads"], 1)
        self.assertEqual(len(report["load_average"]), 2)
        self.assertGreater(report["limits"]["read_bytes_per_s"], 0)
        self.assertTrue(report["machine"]["isa"])

    def test_parts_that_are_zero_are_left_out(self):
        quick = ("--repeat", "1", "--read-mib", "16", "--json")
        done = run("bench", "--prompt", "0", "--generate", "4", *quick)
        self.assertEqual([row["kind"] for row in json.loads(done.stdout)["rows"]], ["decode"])
        done = run("bench", "--prompt", "8", "--generate", "0", *quick)
        self.assertEqual([row["kind"] for row in json.loads(done.stdout)["rows"]], ["prefill"])
        done = run("bench", "--prompt", "0", "--batch", "0")
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"nothing to measure", done.stderr)

    def test_limits_of_the_machine_by_thread_count(self):
        done = run("bench", "--limits", "--threads", "2", "--repeat", "1", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        limits = json.loads(done.stdout)["limits"]
        self.assertEqual([row["threads"] for row in limits], [1, 2])
        for row in limits:
            self.assertGreater(row["memory_bytes_per_s"]["median"], 0)

    def test_limits_without_fast_instructions_say_so(self):
        done = run("bench", "--limits", "--threads", "1", "--repeat", "1",
                   environment={"SIXFOLD_ISA": "scalar", "SIXFOLD_READ_MIB": "16"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"n/a", done.stdout)

    def test_more_tokens_than_the_context_is_an_error(self):
        done = run("bench", "--prompt", "100000")
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"context", done.stderr)


class Tokenize(unittest.TestCase):
    def test_prints_ids_that_the_reference_tokenizer_gives(self):
        with open(os.path.join(program.SOURCE_DIR, "models", "sixfold-tiny.golden.json"), encoding="utf-8") as file:
            golden = json.load(file)
        for row in golden["tokenizer"]:
            done = run("tokenize", "--no-special", text_in=row["text"].encode())
            self.assertEqual(json.loads(done.stdout), row["ids"], row["text"])

    def test_reads_a_file(self):
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write("Es war einmal".encode())
            file.flush()
            from_file = run("tokenize", "--file", file.name)
        self.assertEqual(from_file.stdout, run("tokenize", text_in=b"Es war einmal").stdout)


class Eval(unittest.TestCase):
    def test_perplexity_of_prose_is_far_below_that_of_noise(self):
        prose = "The old king had three sons, and he loved them all. " * 40
        noise = "zq xv kj wq pf " * 140
        values = []
        for text in (prose, noise):
            done = run("eval", "--text", "-", "--context", "128", "--json", text_in=text.encode())
            self.assertEqual(done.returncode, 0, done.stderr)
            values.append(json.loads(done.stdout)["perplexity"])
        self.assertLess(values[0], values[1])

    def test_integer_arithmetic_costs_little_but_something(self):
        prose = "The old king had three sons, and he loved them all. " * 40
        done = run("eval", "--text", "-", "--context", "128", "--against", "exact", "--json", text_in=prose.encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertGreater(result["kl_mean"], 0)
        self.assertLess(result["kl_mean"], 1e-2)
        self.assertGreater(result["same_top"], 0.9)
        done = run("eval", "--tokens", "ids.json", "--logits", "out.f32", "--against", "exact")
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"--text", done.stderr)

    def test_writes_logits_of_all_positions_or_the_last(self):
        with tempfile.TemporaryDirectory() as folder:
            ids, out = os.path.join(folder, "ids.json"), os.path.join(folder, "out.f32")
            with open(ids, "w", encoding="utf-8") as file:
                json.dump([4095, 10, 20, 30], file)
            self.assertEqual(run("eval", "--tokens", ids, "--logits", out, "--all-positions").returncode, 0)
            with open(out, "rb") as file:
                every = file.read()
            self.assertEqual(run("eval", "--tokens", ids, "--logits", out).returncode, 0)
            with open(out, "rb") as file:
                last = file.read()
        self.assertEqual(len(every), 4 * len(last))
        self.assertEqual(every[-len(last):], last)

    def test_wrong_ids_and_a_full_disk_are_clean_errors(self):
        with tempfile.TemporaryDirectory() as folder:
            ids = os.path.join(folder, "ids.json")
            with open(ids, "w", encoding="utf-8") as file:
                file.write("[1, 99999999]")
            done = run("eval", "--tokens", ids, "--logits", os.path.join(folder, "out.f32"))
            self.assertEqual(done.returncode, 64)
            with open(ids, "w", encoding="utf-8") as file:
                file.write('{"not": "a list"}')
            done = run("eval", "--tokens", ids, "--logits", os.path.join(folder, "out.f32"))
            self.assertIn(b"want a JSON array of token ids", done.stderr)
            with open(ids, "w", encoding="utf-8") as file:
                file.write("[1, 2]")
            done = run("eval", "--tokens", ids, "--logits", os.path.join(folder, "missing", "out.f32"))
            self.assertEqual(done.returncode, 66)
            self.assertIn(b"missing", done.stderr)
            done = run("eval", "--tokens", ids, "--logits", "/dev/full")
            self.assertEqual(done.returncode, 75)
            self.assertIn(b"/dev/full: cannot write", done.stderr)
            self.assertTrue(os.path.exists("/dev/full") and not os.path.isfile("/dev/full"))


class Errors(unittest.TestCase):
    def check(self, arguments, code, *words, environment=None):
        done = run(*arguments, environment=environment)
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    def test_mistyped_command_gets_a_suggestion(self):
        self.check(["serv"], 64, 'did you mean "serve"?')

    def test_unknown_flag(self):
        self.check(["bench", "--repeats", "3"], 64, "--repeats", "--help")

    def test_missing_model(self):
        self.check(["run", "no-such.gguf", "hi"], 66, "no-such.gguf: no such file")

    def test_a_folder_is_not_a_model(self):
        self.check(["bench", "/"], 66, "config.json")

    def test_a_text_file_is_not_a_model(self):
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            file.write(b"hello, this is no model at all")
            file.flush()
            self.check(["run", file.name, "hi"], 65, file.name)

    def test_a_cut_model_file_is_refused(self):
        with open(BUILTIN, "rb") as file:
            data = file.read()
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            self.check(["run", file.name, "hi"], 65, file.name)

    def test_environment_is_checked_like_flags(self):
        self.check(["bench"], 64, "--threads", "many", environment={"SIXFOLD_THREADS": "many"})

    def test_help_and_version(self):
        self.assertIn(b"Examples:", run("--help").stdout)
        for verb in ("run", "serve", "bench", "eval", "tokenize", "completion"):
            self.assertIn(b"Example", run(verb, "--help").stdout, verb)
        self.assertRegex(run("--version").stdout.decode(), r"^sixfold \d+\.\d+\.\d+\n$")

    def test_completion_scripts_are_accepted_by_their_shell(self):
        script = run("completion", "bash").stdout
        self.assertEqual(subprocess.run(["bash", "-n"], input=script).returncode, 0)
        self.assertIn(b"--temperature", script)


if __name__ == "__main__":
    unittest.main()

"""The second start of a model that is large enough to be kept packed: what it says, and how much memory it takes."""
import json
import os
import re
import struct
import tempfile
import unittest

from program import Server, run

WIDTH, FEED_FORWARD, LAYERS, VOCABULARY = 1024, 4096, 8, 8192
CONTEXT = 512
KV_HEADS, HEAD_DIM = 4, 64
Q8_0 = 8


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, value):
    """kind: GGUF's number of the type, or of the elements when value is a list."""
    formats = {4: "<I", 5: "<i", 6: "<f"}
    if isinstance(value, list):
        items = b"".join(text(item) if kind == 8 else struct.pack(formats[kind], item) for item in value)
        return text(key) + struct.pack("<IIQ", 9, kind, len(value)) + items
    return text(key) + struct.pack("<I", kind) + (text(value) if kind == 8 else struct.pack(formats[kind], value))


def q8_blocks(weights):
    """Random blocks of Q8_0 with a small scale."""
    noise = os.urandom(1 << 20)
    codes = (noise * (weights // len(noise) + 1))[:weights]
    scale = struct.pack("<e", 0.0005)
    return b"".join(scale + codes[at:at + 32] for at in range(0, weights, 32))


def write_model(path):
    """A LLaMA with random Q8_0 weights; returns the bytes of its tensors.  The output is the embedding."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"t{i}" for i in range(3, VOCABULARY)]
    metadata = [
        entry("general.architecture", 8, "llama"),
        entry("llama.block_count", 4, LAYERS),
        entry("llama.embedding_length", 4, WIDTH),
        entry("llama.feed_forward_length", 4, FEED_FORWARD),
        entry("llama.context_length", 4, CONTEXT),
        entry("llama.attention.head_count", 4, WIDTH // HEAD_DIM),
        entry("llama.attention.head_count_kv", 4, KV_HEADS),
        entry("llama.attention.layer_norm_rms_epsilon", 6, 1e-5),
        entry("tokenizer.ggml.model", 8, "llama"),
        entry("tokenizer.ggml.tokens", 8, tokens),
        entry("tokenizer.ggml.token_type", 5, [2, 3, 3] + [1] * (VOCABULARY - 3)),
        entry("tokenizer.ggml.scores", 6, [-float(i) for i in range(VOCABULARY)]),
        entry("tokenizer.ggml.bos_token_id", 4, 1),
        entry("tokenizer.ggml.eos_token_id", 4, 2),
    ]
    kv = KV_HEADS * HEAD_DIM
    shapes = {"token_embd.weight": (VOCABULARY, WIDTH), "output_norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        for name, shape in {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH),
                            "attn_k": (kv, WIDTH), "attn_v": (kv, WIDTH), "attn_output": (WIDTH, WIDTH),
                            "ffn_gate": (FEED_FORWARD, WIDTH), "ffn_up": (FEED_FORWARD, WIDTH),
                            "ffn_down": (WIDTH, FEED_FORWARD)}.items():
            shapes[f"blk.{layer}.{name}.weight"] = shape
    infos, data, offset = [], [], 0
    for name, shape in shapes.items():
        is_matrix = len(shape) == 2
        blob = q8_blocks(shape[0] * shape[1]) if is_matrix else struct.pack("<f", 1.0) * shape[0]
        infos.append(text(name) + struct.pack("<I", len(shape)) +
                     b"".join(struct.pack("<Q", size) for size in reversed(shape)) +
                     struct.pack("<IQ", Q8_0 if is_matrix else 0, offset))
        blob += b"\0" * (-len(blob) % 32)
        data.append(blob)
        offset += len(blob)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(infos), len(metadata)) + b"".join(metadata) + b"".join(infos)
    with open(path, "wb") as file:
        file.write(head + b"\0" * (-len(head) % 32))
        for blob in data:
            file.write(blob)
    return offset


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) * 1024


def packed_files(folder):
    """Each may have a note beside it."""
    return sorted(name for name in os.listdir(folder) if not name.endswith(".whole")) if os.path.isdir(folder) else []


class WeightCache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory()
        cls.model = os.path.join(cls.work.name, "random.gguf")
        cls.weight_bytes = write_model(cls.model)
        # What every process of this program takes, whatever the model.
        with Server("builtin:", "--threads", "2") as server:
            cls.program_bytes = resident_bytes(server.process.pid)

    @classmethod
    def tearDownClass(cls):
        cls.work.cleanup()

    def cache(self, name):
        return os.path.join(self.work.name, name)

    def files(self, name):
        return packed_files(self.cache(name))

    def generate(self, setting):
        done = run("run", self.model, "t5 t9 t100", "-n", "12", "--temperature", "0", "--raw", "--weight-cache",
                   setting)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_second_start_says_so_and_both_take_the_memory_of_the_weights(self):
        kv_bytes = LAYERS * 2 * KV_HEADS * HEAD_DIM * 2 * CONTEXT
        for start in ("first", "second"):
            with Server(self.model, "--threads", "2", "--parallel", "1", "--weight-cache", self.cache("a")) as server:
                banner = "".join(server.log)
                extra = resident_bytes(server.process.pid) - self.program_bytes
                self.assertEqual(server.stop(), 0)
            self.assertEqual("from the weight cache" in banner, start == "second", banner)
            self.assertLess(extra, 1.1 * (self.weight_bytes + kv_bytes), start)
            self.assertEqual(len(self.files("a")), 1)

    def test_text_is_the_same_with_and_without(self):
        plain = self.generate("off")
        self.assertEqual(self.generate(self.cache("b")), plain)
        self.assertEqual(len(self.files("b")), 1)
        self.assertEqual(self.generate(self.cache("b")), plain)

    def test_default_folder_follows_the_environment(self):
        home = self.cache("home")
        for environment, folder in (({"SIXFOLD_CACHE_DIR": home + "/1"}, "/1/weights"),
                                    ({"XDG_CACHE_HOME": home + "/2"}, "/2/sixfold/weights"),
                                    ({"XDG_CACHE_HOME": "", "HOME": home + "/3"}, "/3/.cache/sixfold/weights")):
            done = run("bench", self.model, "-p", "1", "-n", "1", "-r", "1", "--read-mib", "16", "--json",
                       environment={"SIXFOLD_WEIGHT_CACHE": "auto", **environment})
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout)
            self.assertGreater(report["load_seconds"], 0)
            self.assertFalse(report["is_from_weight_cache"])
            self.assertEqual(len(packed_files(home + folder)), 1)

    def test_a_folder_that_cannot_be_written_costs_nothing_but_the_cache(self):
        self.assertEqual(self.generate("/proc/sixfold"), self.generate("off"))


if __name__ == "__main__":
    unittest.main()

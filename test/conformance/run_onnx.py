"""Gets ONNX Runtime with tools/get_onnxruntime and runs what needs it: the unit tests of onnx/, the requests in
onnx/*.http, the models of SIXFOLD_TESTDATA, and the program's messages.  Exit 77 (skipped) where it cannot be had.

usage: run_onnx.py --program build/release/bin/sixfold --test build/release/bin/onnx_test --work build/release/onnx
"""
import argparse
import concurrent.futures
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import unittest
import urllib.error
import urllib.request
import zipfile

import run_cases
from running_server import RunningServer

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
ARGUMENTS = None


def linear_model():
    loader = importlib.machinery.SourceFileLoader("predict_compare", str(ROOT / "bench" / "predict_compare"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("predict_compare", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module.linear_model()


def zip_map_model():
    """Gives its input back as maps from class names, as scikit-learn's classifiers end.  Field numbers: onnx.proto."""
    def varint(number):
        return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)

    def field(number, value):
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        data = value.encode() if isinstance(value, str) else value
        return varint(number << 3 | 2) + varint(len(data)) + data

    labels = field(1, "classlabels_strings") + field(9, "yes") + field(9, "no") + field(20, 8)
    node = field(1, "scores") + field(2, "classes") + field(4, "ZipMap") + field(5, labels) + field(7, "ai.onnx.ml")
    shape = field(1, field(2, "batch")) + field(1, field(1, 2))
    scores = field(1, "scores") + field(2, field(1, field(1, 1) + field(2, shape)))
    of_map = field(5, field(1, 8) + field(2, field(1, field(1, 1))))
    classes = field(1, "classes") + field(2, field(4, field(1, of_map)))
    graph = field(1, node) + field(11, scores) + field(12, classes) + field(2, "zip")
    return field(1, 8) + field(8, field(2, 13)) + field(8, field(1, "ai.onnx.ml") + field(2, 1)) + field(7, graph)


def ask(server, body):
    request = urllib.request.Request(server.url + "/predict", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def answer_of(server, body):
    """Status and JSON, whatever they are."""
    try:
        return 200, ask(server, body)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def read_npy(data):
    """An array of a .npy file as a flat list.  Format: numpy's NEP 1."""
    length = struct.unpack_from("<H", data, 8)[0]
    header = eval(data[10:10 + length], {"__builtins__": {}}, {"False": False, "True": True})  # of our own test data
    kinds = {"<i4": "i", "<f4": "f", "<i8": "q", "<f8": "d"}
    values = data[10 + length:]
    kind = kinds[header["descr"]]
    return list(struct.unpack(f"<{len(values) // struct.calcsize(kind)}{kind}", values))


def read_safetensors(path):
    data = path.read_bytes()
    length = struct.unpack_from("<Q", data)[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        begin, end = entry["data_offsets"]
        values = struct.unpack_from(f"<{(end - begin) // 4}f", data, 8 + length + begin)
        width = entry["shape"][-1]
        tensors[name] = [values[i:i + width] for i in range(0, len(values), width)] if len(entry["shape"]) == 2 else values
    return tensors


def testdata(*parts):
    folder = os.environ.get("SIXFOLD_TESTDATA")
    if not folder:
        raise unittest.SkipTest("SIXFOLD_TESTDATA is not set")
    return pathlib.Path(folder, "onnx", *parts)


def run_program(*arguments, **environment):
    return subprocess.run([ARGUMENTS.program, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})


class OnnxTest(unittest.TestCase):
    def test_unit_tests_with_the_library(self):
        result = subprocess.run([ARGUMENTS.test], capture_output=True, text=True, timeout=300)
        self.assertEqual(result.returncode, 0, result.stdout[-4000:] + result.stderr[-2000:])
        self.assertNotIn("SKIPPED", result.stdout)

    def test_cases(self):
        path = ARGUMENTS.work / "linear.onnx"
        path.write_bytes(linear_model())
        cases = [case for file in sorted(HERE.glob("onnx/*.http")) for case in run_cases.read_cases(file)]
        with RunningServer(ARGUMENTS.program, [str(path)]) as server:
            for case in cases:
                with self.subTest(case.name):
                    self.assertEqual(run_cases.run(case, server.host, server.port), [])
        self.assertEqual(server.exit_code, 0, server.log())

    def test_requests_together_are_answered_as_alone(self):
        path = pathlib.Path(ARGUMENTS.work) / "linear.onnx"
        path.write_bytes(linear_model())
        bodies = [{"instances": [[x, 3.5, 1.4, row] for row in range(rows)]} for x in range(20) for rows in (1, 2, 5)]
        bodies += [{"features": ["a", 1, 2, 3]}, {"features": [1, 2, 3]}] * 5  # refused, among the others
        with RunningServer(ARGUMENTS.program, [str(path), "--http-threads", "1"]) as server:
            alone = [answer_of(server, body) for body in bodies]
        with RunningServer(ARGUMENTS.program, [str(path), "--http-threads", "3", "--batch-rows", "16"]) as server:
            ask(server, bodies[0])  # from now on the model is known to be quick
            with concurrent.futures.ThreadPoolExecutor(16) as clients:
                for _ in range(5):
                    together = list(clients.map(lambda body: answer_of(server, body), bodies))
                    for body, (status, got), (wanted_status, wanted) in zip(bodies, together, alone):
                        self.assertEqual(status, wanted_status, body)
                        if status != 200:
                            self.assertEqual(got, wanted)
                            continue
                        for one, other in zip(got["predictions"], wanted["predictions"], strict=True):
                            for a, b in zip(one, other, strict=True):  # sums of many rows may differ in the last digit
                                self.assertAlmostEqual(a, b, delta=1e-6, msg=str(body))
        self.assertEqual(server.exit_code, 0)

    def test_maps_are_objects_with_their_names(self):
        path = ARGUMENTS.work / "zip_map.onnx"
        path.write_bytes(zip_map_model())
        with RunningServer(ARGUMENTS.program, [str(path)]) as server:
            rows = ask(server, {"instances": [[0.75, 0.25], [0, 1]]})["predictions"]
            whole = ask(server, {"inputs": [[0.5, 0.5]]})["outputs"]
            body = {"inputs": [{"name": "scores", "datatype": "FP32", "shape": [1, 2], "data": [0.75, 0.25]}]}
            infer = urllib.request.Request(server.url + "/v2/models/zip_map/infer", json.dumps(body).encode(),
                                           {"Content-Type": "application/json"})
            with urllib.request.urlopen(infer, timeout=60) as response:
                output = json.load(response)["outputs"][0]
        self.assertEqual(rows, [{"yes": 0.75, "no": 0.25}, {"yes": 0, "no": 1}])
        self.assertEqual(whole, {"classes": [{"yes": 0.5, "no": 0.5}]})
        self.assertEqual(dict(zip(output["parameters"]["columns"], output["data"])), {"yes": 0.75, "no": 0.25})

    def test_mnist_finds_the_digits_of_its_archive(self):
        model, archive = testdata("mnist-8.onnx"), testdata("mnist_mnist.tar.gz")
        pairs = []
        with tarfile.open(archive) as files:
            for member in files.getmembers():
                if member.name.endswith(".npz"):
                    with zipfile.ZipFile(io.BytesIO(files.extractfile(member).read())) as arrays:
                        pairs.append([read_npy(arrays.read(name + ".npy")) for name in ("inputs", "outputs")])
        self.assertGreaterEqual(len(pairs), 3)
        with RunningServer(ARGUMENTS.program, [str(model)]) as server:
            # The model takes one image at a time; the server runs it once for each.
            predictions = ask(server, {"instances": [image for image, _ in pairs]})["predictions"]
        for (_, wanted), got in zip(pairs, predictions):
            self.assertEqual(len(got), 10)
            self.assertEqual(got.index(max(got)), wanted.index(max(wanted)))

    def test_super_resolution_has_its_shape(self):
        model = testdata("vision_super_resolution_sub_pixel_cnn_2016_model_super_resolution.onnx")
        image = [[(x * y % 255) / 255 for x in range(224)] for y in range(224)]
        with RunningServer(ARGUMENTS.program, [str(model)]) as server:
            one = ask(server, {"instances": [[image]]})["predictions"]
            two = ask(server, {"inputs": [[image], [image]]})["outputs"]["output"]
        self.assertEqual((len(one), len(one[0]), len(one[0][0]), len(one[0][0][0])), (1, 1, 672, 672))
        self.assertEqual(len(two), 2)
        self.assertEqual(two[0], two[1])

    def test_mlp_equals_its_safetensors_twin(self):
        model, twin = testdata("model.onnx"), read_safetensors(testdata("model.safetensors"))
        rows = [[((i * 7 + row * 13) % 29 - 14) / 10 for i in range(40)] for row in range(5)]

        def layer(name, values):
            weights, bias = twin[f"model.{name}.weight"], twin[f"model.{name}.bias"]
            return [sum(w * v for w, v in zip(row, values)) + b for row, b in zip(weights, bias)]

        wanted = [layer(3, [max(v, 0) for v in layer(1, layer(0, row))])[0] for row in rows]
        with RunningServer(ARGUMENTS.program, [str(model)]) as server:
            together = ask(server, {"instances": rows})["predictions"]
            alone = [ask(server, {"features": row})["predictions"][0] for row in rows]
        for got in (together, alone):
            for value, want in zip(got, wanted):
                self.assertAlmostEqual(value, want, delta=1e-4 * max(1, abs(want)))

    def test_a_broken_file_is_told(self):
        whole = linear_model()
        for name, data in {"cut": whole[:len(whole) // 2], "empty": b"", "noise": bytes(range(256)) * 40,
                           "gguf": b"GGUF" + bytes(100)}.items():
            path = ARGUMENTS.work / f"{name}.onnx"
            path.write_bytes(data)
            for command in (["serve", path, "--port", "0"], ["show", path]):
                result = run_program(*command)
                self.assertGreater(result.returncode, 0, f"{name}: {result}")  # below 0: a signal
                self.assertIn(f"{name}.onnx", result.stderr)
                self.assertNotIn("listening", result.stderr)

    def test_without_the_library_the_message_says_how_to_get_it(self):
        path = ARGUMENTS.work / "linear.onnx"
        path.write_bytes(linear_model())
        result = run_program("serve", path, SIXFOLD_ONNXRUNTIME="/nonexistent/libonnxruntime.so.1")
        self.assertEqual(result.returncode, 69)  # EX_UNAVAILABLE
        self.assertIn("tools/get_onnxruntime", result.stderr)

    def test_show_tells_inputs_and_other_commands_say_what_the_model_is(self):
        path = ARGUMENTS.work / "linear.onnx"
        path.write_bytes(linear_model())
        shown = run_program("show", path)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("features  float32 [batch, 4]", shown.stdout)
        for command in (["run", path, "Hi"], ["bench", path]):
            result = run_program(*command)
            self.assertGreater(result.returncode, 0)
            self.assertIn("takes tensors", result.stderr, command)


def main():
    global ARGUMENTS
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    ARGUMENTS, rest = parser.parse_known_args()
    ARGUMENTS.work.mkdir(parents=True, exist_ok=True)
    got = subprocess.run([ROOT / "tools" / "get_onnxruntime", ARGUMENTS.work.resolve()], capture_output=True, text=True)
    if got.returncode == 77:
        print("skipped:", got.stderr)
        sys.exit(77)
    if got.returncode != 0:
        sys.exit(got.stderr)
    os.environ["SIXFOLD_ONNXRUNTIME"] = str(ARGUMENTS.work.resolve())
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()

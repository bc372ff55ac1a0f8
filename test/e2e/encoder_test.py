"""Rerankers, classifiers and embeddings of a real model, over HTTP and on the command line, against the same computation
in float64 (tiny_bert.py)."""
import json
import math
import os
import struct
import tempfile
import unittest
import urllib.error
import urllib.request

from program import Server, run
from tiny_bert import TinyBert, tokens_of

QUERY = "where is the cat ?"
DOCUMENTS = ["it rains .", "the cat is here .", "a dog is here .", "is it the cat ?"]
CLOSE = 2e-5  # float32 against float64


def post(url, path, **fields):
    request = urllib.request.Request(url + path, json.dumps(fields).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class EncoderTest(unittest.TestCase):
    def save(self, labels, seed=1):
        """A model with these classes, and its folder."""
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        model = TinyBert(labels, seed)
        folder = os.path.join(work.name, "model")
        model.save(folder)
        return model, folder


class Rerank(EncoderTest):
    def setUp(self):
        self.model, self.folder = self.save(["relevance"])
        self.scores = [self.model.scores(QUERY, document)[0] for document in DOCUMENTS]
        self.order = sorted(range(len(DOCUMENTS)), key=lambda index: -self.scores[index])
        # Else the test could not tell an order from another, or types that are left out.
        self.assertGreater(min(abs(a - b) for a in self.scores for b in self.scores if a is not b), 100 * CLOSE)
        ids, types = tokens_of(QUERY, DOCUMENTS[0])
        untyped = self.model.states(ids, [0] * len(types))[0]
        self.assertGreater(max(abs(a - b) for a, b in zip(untyped, self.model.states(ids, types)[0])), 100 * CLOSE)

    def test_over_http(self):
        with Server(self.folder) as server:
            status, raw = post(server.url, "/v1/rerank", query=QUERY, documents=DOCUMENTS, raw_scores=True)
            self.assertEqual(status, 200, raw)
            self.assertEqual([row["index"] for row in raw["results"]], self.order)
            for row in raw["results"]:
                self.assertAlmostEqual(row["relevance_score"], self.scores[row["index"]], delta=CLOSE)
            self.assertEqual(raw["usage"]["total_tokens"],
                             sum(len(tokens_of(QUERY, document)[0]) for document in DOCUMENTS))
            status, best = post(server.url, "/rerank", query=QUERY, documents=DOCUMENTS, top_n=2, return_documents=True)
            self.assertEqual(status, 200, best)
            self.assertEqual([row["document"]["text"] for row in best["results"]],
                             [DOCUMENTS[index] for index in self.order[:2]])
            for row in best["results"]:
                probability = 1 / (1 + math.exp(-self.scores[row["index"]]))
                self.assertAlmostEqual(row["relevance_score"], probability, delta=CLOSE)
            status, refused = post(server.url, "/v1/embeddings", input="it rains .")
            self.assertEqual(status, 400)
            self.assertIn("it scores texts", refused["error"]["message"])

    def test_long_documents_are_cut_and_long_queries_refused(self):
        document = " ".join(["cat"] * 40)
        # 32 positions hold [CLS], the query, [SEP], so much of the document, and [SEP].
        cut = " ".join(["cat"] * (32 - 3 - len(QUERY.split())))
        with Server(self.folder) as server:
            status, answer = post(server.url, "/v1/rerank", query=QUERY, documents=[document], raw_scores=True)
            self.assertEqual(status, 200, answer)
            self.assertAlmostEqual(answer["results"][0]["relevance_score"], self.model.scores(QUERY, cut)[0], delta=CLOSE)
            for fields in ({"query": QUERY, "documents": [document], "truncate": False},
                           {"query": document, "documents": ["cat"]}):
                status, refused = post(server.url, "/v1/rerank", **fields)
                self.assertEqual((status, refused["error"]["code"]), (400, "context_length_exceeded"), refused)

    def test_on_the_command_line(self):
        done = run("rerank", self.folder, "--query", QUERY, "--raw", "--json", *DOCUMENTS)
        self.assertEqual(done.returncode, 0, done.stderr)
        results = json.loads(done.stdout)["results"]
        self.assertEqual([row["index"] for row in results], self.order)
        for row in results:
            self.assertAlmostEqual(row["score"], self.scores[row["index"]], delta=CLOSE)


class Classify(EncoderTest):
    def test_over_http(self):
        labels = ["good", "bad", "neither"]
        model, folder = self.save(labels)
        with Server(folder) as server:
            status, answer = post(server.url, "/classify", input=DOCUMENTS)
            self.assertEqual(status, 200, answer)
            status, refused = post(server.url, "/v1/rerank", query=QUERY, documents=DOCUMENTS)
            self.assertEqual(status, 400)
            self.assertIn("scores 3 classes", refused["error"]["message"])
        self.assertEqual([row["index"] for row in answer["data"]], [0, 1, 2, 3])
        for document, row in zip(DOCUMENTS, answer["data"]):
            weights = [math.exp(score) for score in model.scores(document)]
            self.assertEqual((row["label"], row["num_classes"]), (labels[weights.index(max(weights))], 3))
            for got, weight in zip(row["probs"], weights):
                self.assertAlmostEqual(got, weight / sum(weights), delta=CLOSE)


class Embed(EncoderTest):
    def test_json_and_http_give_the_shortest_texts_of_the_same_floats(self):
        model, folder = self.save(["x"])
        model.drop_head()
        bare = os.path.join(folder, "bare")
        model.save(bare)
        done = run("embed", bare, "--json", *DOCUMENTS)
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout, parse_float=str)
        self.assertEqual([row["text"] for row in document["texts"]], DOCUMENTS)
        with Server(bare) as server:
            status, answer = post(server.url, "/v1/embeddings", input=DOCUMENTS)
        self.assertEqual(status, 200, answer)
        for text, row, served in zip(DOCUMENTS, document["texts"], answer["data"]):
            states = model.states(*tokens_of(text))
            mean = [sum(column) / len(states) for column in zip(*states)]
            length = math.sqrt(sum(value * value for value in mean))
            for want, got, over_http in zip(mean, row["vector"], served["embedding"]):
                self.assertAlmostEqual(float(got), want / length, delta=CLOSE)
                self.assertEqual(float(got), over_http)
                digits = got.lstrip("-0.").split("e")[0].replace(".", "")
                self.assertLessEqual(len(digits), 9, got)  # what a float needs at most; a double's has up to 17
                self.assertEqual(struct.pack("<f", float(got)), struct.pack("<f", float(f"{float(got):.9g}")))


if __name__ == "__main__":
    unittest.main()

"""A tiny BERT with a classification head: its Hugging Face folder, and what it computes, in float64 and plain Python.

The maths follows arXiv:1810.04805 and transformers' BertForSequenceClassification."""
import json
import math
import os
import random
import struct

WIDTH, LAYERS, HEADS, FEED_FORWARD, POSITIONS = 16, 2, 4, 24, 32
EPSILON = 1e-5
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "is", "here", "it", "rains", "where", "a", "dog", "?", "."]
CLS, SEP = WORDS.index("[CLS]"), WORDS.index("[SEP]")


def as_float32(number):
    return struct.unpack("<f", struct.pack("<f", number))[0]


class TinyBert:
    """labels: names of the classes; one class makes a reranker."""

    def __init__(self, labels, seed=1):
        self.labels = labels
        self.random = random.Random(seed)
        self.tensors = {}  # name: (shape, numbers)
        for name, rows in (("word", len(WORDS)), ("position", POSITIONS), ("token_type", 2)):
            self.add(f"bert.embeddings.{name}_embeddings.weight", [rows, WIDTH], 1)
        self.add_norm("bert.embeddings.LayerNorm")
        for layer in range(LAYERS):
            stem = f"bert.encoder.layer.{layer}."
            for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
                self.add_linear(stem + name, WIDTH, WIDTH)
            self.add_norm(stem + "attention.output.LayerNorm")
            self.add_linear(stem + "intermediate.dense", FEED_FORWARD, WIDTH)
            self.add_linear(stem + "output.dense", WIDTH, FEED_FORWARD)
            self.add_norm(stem + "output.LayerNorm")
        self.add_linear("bert.pooler.dense", WIDTH, WIDTH)
        self.add_linear("classifier", len(labels), WIDTH)

    def add(self, name, shape, spread, middle=0.0):
        numbers = [as_float32(middle + self.random.uniform(-spread, spread)) for _ in range(math.prod(shape))]
        self.tensors[name] = (shape, numbers)

    def add_linear(self, stem, rows, columns):
        self.add(stem + ".weight", [rows, columns], 0.5)
        self.add(stem + ".bias", [rows], 0.5)

    def add_norm(self, stem):
        self.add(stem + ".weight", [WIDTH], 0.3, 1.0)
        self.add(stem + ".bias", [WIDTH], 0.3)

    def save(self, folder):
        os.makedirs(folder)
        has_head = "classifier.weight" in self.tensors
        config = {"architectures": ["BertForSequenceClassification" if has_head else "BertModel"], "model_type": "bert", "hidden_size": WIDTH,
                  "num_hidden_layers": LAYERS, "intermediate_size": FEED_FORWARD, "num_attention_heads": HEADS,
                  "max_position_embeddings": POSITIONS, "vocab_size": len(WORDS), "type_vocab_size": 2,
                  "layer_norm_eps": EPSILON, "hidden_act": "gelu", "id2label": dict(enumerate(self.labels))}
        self.write_json(folder, "config.json", config)
        self.write_json(folder, "tokenizer.json", tokenizer_json())
        header, data = {}, b""
        for name, (shape, numbers) in self.tensors.items():
            packed = struct.pack(f"<{len(numbers)}f", *numbers)
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
            data += packed
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(os.path.join(folder, "model.safetensors"), "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + data)

    def drop_head(self):
        """A body alone makes embeddings."""
        for name in ("classifier.weight", "classifier.bias"):
            del self.tensors[name]

    @staticmethod
    def write_json(folder, name, document):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(document, file)

    def numbers(self, name):
        return self.tensors[name][1]

    def linear(self, stem, vector):
        weight, bias = self.numbers(stem + ".weight"), self.numbers(stem + ".bias")
        return [bias[r] + sum(weight[r * len(vector) + c] * value for c, value in enumerate(vector))
                for r in range(len(bias))]

    def norm(self, stem, vector):
        mean = sum(vector) / len(vector)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in vector) / len(vector) + EPSILON)
        weight, bias = self.numbers(stem + ".weight"), self.numbers(stem + ".bias")
        return [(value - mean) / deviation * w + b for value, w, b in zip(vector, weight, bias)]

    def embed(self, ids, types):
        rows = []
        for position, (token, kind) in enumerate(zip(ids, types)):
            tables = (("word", token), ("position", position), ("token_type", kind))
            parts = [self.numbers(f"bert.embeddings.{name}_embeddings.weight")[at * WIDTH:(at + 1) * WIDTH]
                     for name, at in tables]
            rows.append(self.norm("bert.embeddings.LayerNorm", [sum(column) for column in zip(*parts)]))
        return rows

    def attend(self, stem, rows):
        size = WIDTH // HEADS
        query, key, value = ([self.linear(stem + "self." + name, row) for row in rows]
                             for name in ("query", "key", "value"))
        out = []
        for q in query:
            mixed = []
            for head in range(0, WIDTH, size):
                scores = [math.exp(sum(q[head + i] * k[head + i] for i in range(size)) / math.sqrt(size)) for k in key]
                mixed += [sum(score * v[head + i] for score, v in zip(scores, value)) / sum(scores)
                          for i in range(size)]
            out.append(self.linear(stem + "output.dense", mixed))
        return out

    def states(self, ids, types):
        rows = self.embed(ids, types)
        for layer in range(LAYERS):
            stem = f"bert.encoder.layer.{layer}."
            attended = self.attend(stem + "attention.", rows)
            rows = [self.norm(stem + "attention.output.LayerNorm", [a + b for a, b in zip(x, y)])
                    for x, y in zip(rows, attended)]
            for index, row in enumerate(rows):
                hidden = self.linear(stem + "intermediate.dense", row)
                hidden = [0.5 * h * (1 + math.erf(h / math.sqrt(2))) for h in hidden]
                down = self.linear(stem + "output.dense", hidden)
                rows[index] = self.norm(stem + "output.LayerNorm", [a + b for a, b in zip(row, down)])
        return rows

    def scores(self, text, second=None):
        ids, types = tokens_of(text, second)
        first = self.states(ids, types)[0]
        return self.linear("classifier", [math.tanh(value) for value in self.linear("bert.pooler.dense", first)])


def tokenizer_json():
    part = lambda kind, name, type_id: {kind: {"id": name, "type_id": type_id}}
    pair = [part("SpecialToken", "[CLS]", 0), part("Sequence", "A", 0), part("SpecialToken", "[SEP]", 0),
            part("Sequence", "B", 1), part("SpecialToken", "[SEP]", 1)]
    special = {word: {"id": word, "ids": [WORDS.index(word)], "tokens": [word]} for word in ("[CLS]", "[SEP]")}
    return {"added_tokens": [{"id": WORDS.index(word), "content": word, "special": True, "normalized": False}
                             for word in WORDS[:4]],
            "normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing", "single": pair[:3], "pair": pair,
                               "special_tokens": special},
            "decoder": {"type": "WordPiece"},
            "model": {"type": "WordPiece", "vocab": {word: index for index, word in enumerate(WORDS)}}}


def words_of(text):
    """Ids of words that the vocabulary has, with spaces between them."""
    return [WORDS.index(word) for word in text.split()]


def tokens_of(text, second=None):
    """Ids and types: [CLS] text [SEP], and second [SEP] behind it."""
    ids = [CLS, *words_of(text), SEP]
    types = [0] * len(ids)
    if second is not None:
        ids += [*words_of(second), SEP]
        types += [1] * (len(ids) - len(types))
    return ids, types

"""Check an exported GGUF file with a plain NumPy model, independent of the training code.

    python3 check.py MODEL.gguf --work WORK               held-out perplexity
    python3 check.py MODEL.gguf --sample "Once upon"      sampled text
    python3 check.py MODEL.gguf --golden OUT.json         reference results for tests
"""

import argparse
import hashlib
import json
import math
import os
from typing import List

import numpy as np

import bpe
import gguf_file as gguf


class Model:
    """The file's model in the chosen precision, with a key and value cache."""

    def __init__(self, path: str, dtype=np.float64):
        meta, tensors = gguf.read(path)
        self.dtype = dtype
        self.weights = {name: value.astype(dtype) for name, value in tensors.items()}
        self.layers = meta["llama.block_count"]
        self.heads = meta["llama.attention.head_count"]
        self.kv_heads = meta["llama.attention.head_count_kv"]
        self.head_dim = meta["llama.embedding_length"] // self.heads
        self.eps = meta["llama.attention.layer_norm_rms_epsilon"]
        self.base = meta["llama.rope.freq_base"]
        self.context = meta["llama.context_length"]
        merges = [tuple(merge.split(" ")) for merge in meta["tokenizer.ggml.merges"]]
        self.tokenizer = bpe.Tokenizer(meta["tokenizer.ggml.tokens"], merges)
        self.bos = meta["tokenizer.ggml.bos_token_id"]
        self.reset()

    def reset(self) -> None:
        self.position = 0
        empty = np.zeros((self.kv_heads, 0, self.head_dim), self.dtype)
        self.keys = [empty] * self.layers
        self.values = [empty] * self.layers

    def norm(self, x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps) * weight

    def rotate(self, x, positions):
        """RoPE on x[head, position, element], pairing elements 2i and 2i+1."""
        frequencies = self.base ** -(np.arange(0, self.head_dim, 2) / self.head_dim)
        angles = positions[:, None] * frequencies
        cos, sin = np.cos(angles).astype(self.dtype), np.sin(angles).astype(self.dtype)
        even, odd = x[..., 0::2], x[..., 1::2]
        out = np.empty_like(x)
        out[..., 0::2] = even * cos - odd * sin
        out[..., 1::2] = even * sin + odd * cos
        return out

    def forward(self, tokens: List[int]) -> np.ndarray:
        """Append tokens to the sequence and return their logits."""
        w = self.weights
        positions = np.arange(self.position, self.position + len(tokens))
        self.position += len(tokens)
        x = w["token_embd.weight"][tokens]

        def heads(y):
            return y.reshape(len(tokens), -1, self.head_dim).transpose(1, 0, 2)

        for layer in range(self.layers):
            prefix = f"blk.{layer}."
            h = self.norm(x, w[prefix + "attn_norm.weight"])
            q = self.rotate(heads(h @ w[prefix + "attn_q.weight"].T), positions)
            k = self.rotate(heads(h @ w[prefix + "attn_k.weight"].T), positions)
            v = heads(h @ w[prefix + "attn_v.weight"].T)
            k = self.keys[layer] = np.concatenate([self.keys[layer], k], 1)
            v = self.values[layer] = np.concatenate([self.values[layer], v], 1)
            k = k.repeat(self.heads // self.kv_heads, 0)
            v = v.repeat(self.heads // self.kv_heads, 0)
            scores = q @ k.transpose(0, 2, 1) / self.dtype(math.sqrt(self.head_dim))
            scores[:, np.arange(self.position)[None, :] > positions[:, None]] = -np.inf
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            y = (scores @ v).transpose(1, 0, 2).reshape(len(tokens), -1)
            x = x + y @ w[prefix + "attn_output.weight"].T
            h = self.norm(x, w[prefix + "ffn_norm.weight"])
            gate = h @ w[prefix + "ffn_gate.weight"].T
            gate = gate / (1 + np.exp(-gate)) * (h @ w[prefix + "ffn_up.weight"].T)
            x = x + gate @ w[prefix + "ffn_down.weight"].T
        return self.norm(x, w["output_norm.weight"]) @ w["token_embd.weight"].T

    def encode(self, text: str) -> List[int]:
        return [self.bos] + self.tokenizer.encode(text)


def perplexity(model: Model, work: str, limit: int) -> None:
    """Perplexity of the held-out documents, each cut into windows of the context length."""
    data = np.load(os.path.join(work, "tokens.npz"))
    total, count, size = 0.0, 0, 0
    for index in np.flatnonzero(data["heldout"]):
        ids = data["stream"][data["starts"][index]:data["starts"][index + 1]].astype(int)
        size += int(data["sizes"][index])
        for begin in range(0, len(ids) - 1, model.context):
            window = ids[begin:begin + model.context + 1]
            model.reset()
            logits = model.forward(list(window[:-1]))
            logits -= logits.max(-1, keepdims=True)
            logs = np.log(np.exp(logits).sum(-1)) - logits[np.arange(len(window) - 1), window[1:]]
            total += logs.sum()
            count += len(window) - 1
        if limit and count >= limit:
            break
    print(f"held-out: {count} tokens, {size} bytes, loss {total / count:.4f} per token, "
          f"perplexity {math.exp(total / count):.3f}, "
          f"{total / math.log(2) / size:.4f} bits per byte")


def sample(model: Model, prompt: str, count: int, temperature: float, top_k: int, top_p: float,
           seed: int) -> str:
    random = np.random.default_rng(seed)
    ids = model.encode(prompt)
    model.reset()
    logits = model.forward(ids)[-1]
    out = []
    while len(out) < count and model.position < model.context:
        order = np.argsort(-logits)
        if top_k:
            order = order[:top_k]
        scaled = logits[order] / temperature
        probs = np.exp(scaled - scaled.max())
        probs /= probs.sum()
        keep = np.cumsum(probs) - probs < top_p
        probs = probs[keep] / probs[keep].sum()
        token = int(random.choice(order[keep], p=probs))
        if token == model.tokenizer.end_of_text:
            break
        out.append(token)
        logits = model.forward([token])[-1]
    return model.tokenizer.decode(out)


def greedy(model: Model, prompt: str, count: int):
    """Greedy continuation, with the lead of the best logit over the second at each step."""
    ids = model.encode(prompt)
    model.reset()
    logits = model.forward(ids)[-1]
    first = logits.copy()
    out, margins = [], []
    for _ in range(count):
        best, second = np.argsort(-logits)[:2]
        out.append(int(best))
        margins.append(float(logits[best] - logits[second]))
        logits = model.forward([int(best)])[-1]
    top = [{"id": int(token), "logit": round(float(first[token]), 6)}
           for token in np.argsort(-first)[:5]]
    return {
        "prompt": prompt, "prompt_ids": ids, "top_logits": top, "greedy_ids": out,
        "greedy_margins": [round(margin, 6) for margin in margins],
        "smallest_margin": round(min(margins), 6),
        "greedy_text": model.tokenizer.decode(out),
    }


GREEDY_PROMPTS = [
    "Once upon a time", "There was once a king", "The old woman said to the girl,",
    "\"I do not know,\" said the prince", "In the middle of the forest", "The wolf",
    "Natasha looked at", "The whale", "He had not slept", "My dear friend,",
    "When the youth came home", "The soldiers", "At the window stood", "It was a dark night",
    "\"Good day,\" said the fox", "The king's daughter", "Pierre", "The emperor", "My father was",
    "The captain of the ship", "Early in the morning", "The two brothers", "I was",
    "In the evening", "The little tailor", "Prince Andrew", "The Scarecrow", "There was a man",
    "There was once upon a time", "A certain king had", "\"What is the matter?\" asked",
    "The huntsman", "The fox", "The king said,", "\"Yes,\" answered the boy,", "She began to weep",
    "When the king heard that, he", "\"Mother,\" said the child,", "Then the wolf",
    "They went into", "\"Who is there?\"", "He opened the door", "The giant", "Hansel and",
    "Alice", "\"Oh, dear!\" cried Dorothy,", "Captain Ahab", "Napoleon", "Countess", "The moon",
    "\"Come with me,\" said", "Next morning", "The bird flew", "Far away from here", "The princess",
]

TOKENIZER_TEXTS = [
    "", " ", "Hello", "Hello, world!", "Once upon a time there was a king.",
    "don't I'll we've you're he's I'm she'd", "DON'T I'LL WE'VE", "it''s 'twas '' 's",
    "a  b   c    d", "   leading", "trailing   ", "\n", "\n\n", "one\ntwo\n\nthree\n\n\nfour",
    "tab\tand \t mixed \n space", "12345 67.89 1,000,000", "room101 x2y3",
    "\u00e9t\u00e9 na\u00efve \u00c6sop \u00df", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0\u3002", "\u0665\u0666\u0667 \u00bd \u00b2 \u2167",
    "smile \U0001f600\U0001f44d\U0001f3fd!", "e\u0301 combining", "nbsp\u00a0here\u3000wide\u2003em",
    "\"Yes,\" said he--\"no!\"...", "<|endoftext|>", "a_b-c/d\\e@f#g", "\r\nwindows\r\n",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "zero\u200bwidth\u2028line", " \u00e9", "  's",
]


def golden(model: Model, path: str, out: str) -> None:
    results = [greedy(model, prompt, 32) for prompt in GREEDY_PROMPTS]
    # Keep the prompts on which rounding is least likely to change the outcome.
    results.sort(key=lambda result: -result["smallest_margin"])
    with open(path, "rb") as handle:
        digest = hashlib.sha256(handle.read()).hexdigest()
    texts = [{"text": text, "ids": model.tokenizer.encode(text)} for text in TOKENIZER_TEXTS]
    with open(out, "w", encoding="utf-8") as handle:
        json.dump({
            "about": "Reference results for sixfold-tiny.gguf, made by tools/train_builtin/"
                     "check.py in float64 from the dequantized weights. The prompt ids begin "
                     "with the BOS token; the tokenizer's ids do not, and special tokens are "
                     "not recognised inside the texts.",
            "file": os.path.basename(path), "sha256": digest,
            "generation": results[:3], "tokenizer": texts,
        }, handle, indent=1)
        handle.write("\n")
    print([(result["prompt"], result["smallest_margin"]) for result in results[:6]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="the GGUF file")
    parser.add_argument("--work", help="folder with tokens.npz, for the held-out perplexity")
    parser.add_argument("--limit", type=int, default=0, help="stop after so many tokens")
    parser.add_argument("--golden", help="write reference results to this JSON file")
    parser.add_argument("--sample", nargs="*", default=[], help="prompts to continue")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--top-k", type=int, default=40)
    parser.add_argument("--top-p", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.work:
        perplexity(Model(args.model, np.float32), args.work, args.limit)
    if args.sample or args.golden:
        model = Model(args.model)
        for prompt in args.sample:
            text = sample(model, prompt, args.tokens, args.temperature, args.top_k, args.top_p,
                          args.seed)
            print(f"--- prompt: {prompt!r}, seed {args.seed}\n{prompt}{text}\n")
        if args.golden:
            golden(model, args.model, args.golden)


if __name__ == "__main__":
    main()

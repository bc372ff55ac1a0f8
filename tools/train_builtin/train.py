"""Train the model.

    python3 train_tokenizer.py --corpora DIR --out WORK
    python3 train.py --work WORK --steps 2000        (or --minutes 90)

Writes WORK/checkpoint.pt every so often, continues from it when it is there,
and writes the finished weights to WORK/model.pt. Runs on a GPU if there is one.
"""

import argparse
import math
import os
import time

import numpy as np
import torch

import bpe
import model


class Corpus:
    def __init__(self, path: str, newline: int, seed: int):
        data = np.load(path)
        self.stream, self.starts = data["stream"].astype(np.int64), data["starts"]
        self.weights, self.heldout, self.sizes = data["weights"], data["heldout"], data["sizes"]
        self.newline = newline
        self.random = np.random.default_rng(seed)
        self.epoch_stream = np.zeros(0, dtype=np.int64)
        self.order = []
        self.length = 0

    def document(self, index):
        return self.stream[self.starts[index]:self.starts[index + 1]]

    def begin_epoch(self, length):
        """Put the training documents in a new order and cut windows from them."""
        copies = np.floor(self.weights + self.random.random(len(self.weights))).astype(int)
        copies[self.heldout] = 0
        chosen = self.random.permutation(np.repeat(np.arange(len(copies)), copies))
        self.epoch_stream = np.concatenate([self.document(index) for index in chosen])
        offset = self.random.integers(length)
        starts = np.arange(offset, len(self.epoch_stream) - 2 * length, length)
        self.order = list(self.random.permutation(starts))
        self.length = length

    def window(self, length):
        """One window of length + 1 tokens.

        Half of the windows are moved to the next start of a paragraph, and get the
        end-of-text token in place of the newline: that is how prompts look later.
        """
        if not self.order or self.length != length:
            self.begin_epoch(length)
        start = self.order.pop()
        window = self.epoch_stream[start:start + length + 1]
        if self.random.random() < 0.5:
            newlines = np.flatnonzero(window[:length // 2] == self.newline)
            if len(newlines):
                start += newlines[0]
                window = self.epoch_stream[start:start + length + 1].copy()
                window[0] = self.stream[0]
        return window

    def batch(self, count, length, device):
        windows = torch.from_numpy(np.stack([self.window(length) for _ in range(count)]))
        windows = windows.to(device)
        return windows[:, :-1].contiguous(), windows[:, 1:].contiguous()

    def heldout_windows(self, length):
        """The held-out documents in consecutive windows of at most `length` tokens."""
        for index in np.flatnonzero(self.heldout):
            ids = self.document(index)
            for begin in range(0, len(ids) - 1, length):
                yield ids[begin:begin + length + 1]


@torch.no_grad()
def evaluate(params, config, corpus, length, device, every=1):
    """Mean loss per held-out token, over all windows or over one in `every`."""
    total, count = 0.0, 0
    for number, window in enumerate(corpus.heldout_windows(length)):
        if number % every:
            continue
        tokens = torch.from_numpy(window).to(device)
        value = model.loss(params, config, tokens[None, :-1], tokens[1:])
        total += value.item() * (len(window) - 1)
        count += len(window) - 1
    return total / count


def orthogonalise(matrix: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz iteration towards the nearest orthogonal matrix (batched)."""
    x = matrix.bfloat16()
    flip = x.shape[-2] > x.shape[-1]
    if flip:
        x = x.transpose(-2, -1)
    x = x / (x.float().norm(dim=(-2, -1), keepdim=True) + 1e-7).bfloat16()
    for _ in range(5):
        a = x @ x.transpose(-2, -1)
        b = -4.7750 * a + 2.0315 * (a @ a)
        x = 3.4445 * x + b @ x
    return (x.transpose(-2, -1) if flip else x).float()


class Optimizer:
    """Muon for the matrices inside the layers, AdamW for the embedding and norms."""

    def __init__(self, params, muon_lr, adam_lr, weight_decay):
        self.params = params
        self.muon_lr, self.adam_lr, self.weight_decay = muon_lr, adam_lr, weight_decay
        self.state = {name: torch.zeros_like(value) for name, value in params.items()}
        self.adam = [name for name, value in params.items()
                     if value.dim() == 1 or name == "token_embd.weight"]
        self.square = {name: torch.zeros_like(params[name]) for name in self.adam}
        self.groups = {}
        for name, value in params.items():
            if name not in self.adam:
                self.groups.setdefault(tuple(value.shape), []).append(name)

    @torch.no_grad()
    def step(self, number, scale):
        momentum = min(0.95, 0.85 + 0.1 * number / 200)
        for shape, names in self.groups.items():
            updates = []
            for name in names:
                grad, state = self.params[name].grad, self.state[name]
                state.lerp_(grad, 1 - momentum)
                updates.append(grad.lerp(state, momentum))
            updates = orthogonalise(torch.stack(updates))
            lr = self.muon_lr * scale
            for name, update in zip(names, updates):
                self.params[name].mul_(1 - lr * self.weight_decay)
                self.params[name].add_(update, alpha=-lr * max(1, shape[0] / shape[1]) ** 0.5)
        beta1, beta2 = 0.9, 0.95
        for name in self.adam:
            param, grad = self.params[name], self.params[name].grad
            self.state[name].lerp_(grad, 1 - beta1)
            self.square[name].lerp_(grad.square(), 1 - beta2)
            mean = self.state[name] / (1 - beta1 ** number)
            root = (self.square[name] / (1 - beta2 ** number)).sqrt_().add_(1e-10)
            lr = self.adam_lr * scale
            if param.dim() > 1:
                param.mul_(1 - lr * self.weight_decay)
            param.addcdiv_(mean, root, value=-lr)
        for param in self.params.values():
            param.grad = None


def schedule(progress, step, warmup, hold):
    """Learning rate factor: a short warm-up, a plateau, then linearly down to zero."""
    down = max(0.0, (1 - progress) / (1 - hold))
    return min(1.0, (step + 1) / warmup, down)


def read_threads(path):
    try:
        with open(path) as handle:
            return int(handle.read())
    except (OSError, ValueError):
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", required=True, help="folder made by train_tokenizer.py")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--minutes", type=float,
                        help="end after this time instead, whatever the number of steps")
    parser.add_argument("--batch-tokens", type=int, default=8192)
    parser.add_argument("--micro-tokens", type=int, default=8192,
                        help="tokens that go through the model at once")
    parser.add_argument("--length", type=int, default=256, help="window length at first")
    parser.add_argument("--long-from", type=float, default=0.8,
                        help="part of the training after which windows have full length")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--adam-lr", type=float, default=0.004)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--warmup", type=int, default=50)
    parser.add_argument("--hold", type=float, default=0.3)
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--eval-every", type=int, default=100)
    parser.add_argument("--save-every", type=int, default=100)
    parser.add_argument("--stop-after", type=int, help="stop at this step, for experiments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", default="", help="suffix of the files written")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--threads-file", default="",
                        help="file with a number of threads, looked at before every step")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)

    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = model.Config(layers=args.layers)
    tokenizer = bpe.Tokenizer.load(os.path.join(args.work, "tokenizer.json"))
    newline = tokenizer.encode("\n")[0]
    corpus = Corpus(os.path.join(args.work, "tokens.npz"), newline, args.seed)
    params = model.init_parameters(config, args.seed)
    params = {name: value.to(device).requires_grad_() for name, value in params.items()}
    optimizer = Optimizer(params, args.muon_lr, args.adam_lr, args.weight_decay)
    print(f"{sum(p.numel() for p in params.values())} parameters on {device}, "
          f"{int(corpus.heldout.sum())} of {len(corpus.heldout)} documents held out", flush=True)

    checkpoint_path = os.path.join(args.work, f"checkpoint{args.name}.pt")
    step, elapsed, seen = 0, 0.0, 0
    if os.path.exists(checkpoint_path):
        saved = torch.load(checkpoint_path, map_location=device)
        with torch.no_grad():
            for name, value in saved["params"].items():
                params[name].copy_(value)
        optimizer.state, optimizer.square = saved["state"], saved["square"]
        step, elapsed, seen = saved["step"], saved["elapsed"], saved["seen"]
        corpus.random = np.random.default_rng(args.seed + step)
        print(f"continuing at step {step}", flush=True)

    def save(path, **extra):
        weights = {name: value.detach() for name, value in params.items()}
        torch.save({"config": tuple(config), "params": weights, "step": step,
                    "seen": seen, "elapsed": elapsed, **extra}, path + ".new")
        os.replace(path + ".new", path)

    micro = min(args.micro_tokens, args.batch_tokens)
    average = None
    while True:
        progress = elapsed / (60 * args.minutes) if args.minutes else step / args.steps
        if progress >= 1 or (args.stop_after and step >= args.stop_after):
            break
        threads = read_threads(args.threads_file)
        if threads and threads != torch.get_num_threads():
            torch.set_num_threads(threads)
        begin = time.time()
        length = config.context if progress >= args.long_from else args.length
        total = 0.0
        rounds = args.batch_tokens // micro
        for _ in range(rounds):
            tokens, targets = corpus.batch(micro // length, length, device)
            value = model.loss(params, config, tokens, targets) / rounds
            value.backward()
            total += value.item()
        norm = math.sqrt(sum(p.grad.square().sum().item() for p in params.values()))
        if norm > args.clip:
            for param in params.values():
                param.grad.mul_(args.clip / norm)
        step += 1
        optimizer.step(step, schedule(progress, step, args.warmup, args.hold))
        seen += args.batch_tokens
        seconds = time.time() - begin
        speed = args.batch_tokens / seconds
        average = total if average is None else 0.95 * average + 0.05 * total
        if step % 10 == 0:
            left = (60 * args.minutes - elapsed if args.minutes
                    else (args.steps - step) * seconds)
            print(f"step {step:5d}  {100 * progress:5.1f}%  loss {total:.3f}  average {average:.3f}"
                  f"  gradient {norm:.2f}  {speed:.0f} tokens/s"
                  f"  {seen / 1e6:.2f} M tokens  {left / 60:.1f} min left", flush=True)
        if step % args.eval_every == 0:
            value = evaluate(params, config, corpus, config.context, device, every=4)
            print(f"step {step:5d}  held-out loss {value:.4f}", flush=True)
        elapsed += time.time() - begin
        if step % args.save_every == 0:
            save(checkpoint_path, state=optimizer.state, square=optimizer.square)
    value = evaluate(params, config, corpus, config.context, device)
    print(f"finished: {step} steps, {seen} tokens, {elapsed / 60:.1f} minutes, "
          f"held-out loss {value:.4f}, perplexity {math.exp(value):.2f}", flush=True)
    save(os.path.join(args.work, f"model{args.name}.pt"), heldout_loss=value)


if __name__ == "__main__":
    main()

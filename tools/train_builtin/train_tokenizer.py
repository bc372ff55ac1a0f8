"""Train the byte-level BPE tokenizer on the cleaned books.

    python3 train_tokenizer.py --corpora DIR --out WORK [--vocab 4096]

Writes WORK/tokenizer.json and, encoded with it, WORK/tokens.npz.
"""

import argparse
import collections
import heapq
import os

import numpy as np

import bpe
import clean


def learn_merges(word_counts, merge_count):
    """Learn merges greedily, updating the pair counts after each one."""
    words = [[bpe.BYTE_TO_CHAR[byte] for byte in word.encode("utf-8")] for word in word_counts]
    counts = list(word_counts.values())
    pair_counts = collections.Counter()
    where = collections.defaultdict(set)
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pair_counts[pair] += counts[index]
            where[pair].add(index)
    # The heap may hold stale counts; an entry counts only if it is still right.
    heap = [(-count, pair) for pair, count in pair_counts.items()]
    heapq.heapify(heap)
    merges = []
    while len(merges) < merge_count and heap:
        negative, pair = heapq.heappop(heap)
        if pair_counts[pair] != -negative or negative == 0:
            continue
        merges.append(pair)
        changed = set()
        for index in where.pop(pair):
            word = words[index]
            for old in zip(word, word[1:]):
                pair_counts[old] -= counts[index]
                changed.add(old)
            merged = []
            position = 0
            while position < len(word):
                if position + 1 < len(word) and (word[position], word[position + 1]) == pair:
                    merged.append(word[position] + word[position + 1])
                    position += 2
                else:
                    merged.append(word[position])
                    position += 1
            words[index] = merged
            for new in zip(merged, merged[1:]):
                pair_counts[new] += counts[index]
                where[new].add(index)
                changed.add(new)
        for item in changed:
            if pair_counts[item] > 0:
                heapq.heappush(heap, (-pair_counts[item], item))
    return merges


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpora", required=True, help="folder with the book files")
    parser.add_argument("--out", required=True, help="folder for tokenizer.json and tokens.npz")
    parser.add_argument("--vocab", type=int, default=4096)
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)

    documents = clean.load_documents(args.corpora)
    word_counts = collections.Counter()
    for document in documents:
        if not document.heldout:
            word_counts.update(bpe.pre_tokenize(document.text))
    print(f"{len(documents)} documents, {len(word_counts)} different words")

    merges = learn_merges(word_counts, args.vocab - 257)
    tokens = [bpe.BYTE_TO_CHAR[byte] for byte in range(256)]
    tokens += [left + right for left, right in merges] + [bpe.END_OF_TEXT]
    tokenizer = bpe.Tokenizer(tokens, merges)
    tokenizer.save(os.path.join(args.out, "tokenizer.json"))

    # All documents in one array, with the place, weight and split of each.
    stream, starts, weights, heldout, sizes = [], [], [], [], []
    for document in documents:
        ids = tokenizer.encode(document.text)
        assert tokenizer.decode(ids) == document.text
        starts.append(len(stream))
        stream.append(tokenizer.end_of_text)
        stream.extend(ids)
        weights.append(clean.BOOK_WEIGHTS[document.book])
        heldout.append(document.heldout)
        sizes.append(len(document.text.encode("utf-8")))
    starts.append(len(stream))
    np.savez(
        os.path.join(args.out, "tokens.npz"),
        stream=np.array(stream, dtype=np.uint16), starts=np.array(starts),
        weights=np.array(weights, dtype=np.float32), heldout=np.array(heldout),
        sizes=np.array(sizes),
    )
    print(f"{len(tokens)} tokens; the corpus is {len(stream)} tokens, {sum(sizes)} bytes, "
          f"{sum(sizes) / len(stream):.2f} bytes per token")


if __name__ == "__main__":
    main()

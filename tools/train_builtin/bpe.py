"""Byte-level BPE: the GPT-2 pre-tokenizer, the encoder and the decoder."""

import functools
import json
import unicodedata
from typing import Dict, List, Tuple

END_OF_TEXT = "<|endoftext|>"


def byte_to_unicode() -> Dict[int, str]:
    """GPT-2's printable stand-in for each of the 256 bytes."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {byte: chr(byte) for byte in printable}
    extra = 0
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


BYTE_TO_CHAR = byte_to_unicode()
CHAR_TO_BYTE = {char: byte for byte, char in BYTE_TO_CHAR.items()}


def is_letter(char: str) -> bool:
    return unicodedata.category(char).startswith("L")


def is_number(char: str) -> bool:
    return unicodedata.category(char).startswith("N")


# The characters with Unicode's White_Space property, which `\s` stands for.
WHITE_SPACE = set(
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def is_space(char: str) -> bool:
    return char in WHITE_SPACE


def is_other(char: str) -> bool:
    return not (is_letter(char) or is_number(char) or is_space(char))


def pre_tokenize(text: str) -> List[str]:
    """Split a text exactly as this pattern does, alternatives tried in order:

    's|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+
    """
    pieces = []
    length = len(text)
    start = 0
    while start < length:
        end = start
        for suffix in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d"):
            if text.startswith(suffix, start):
                end = start + len(suffix)
                break
        if end == start:
            first = start + 1 if text[start] == " " and start + 1 < length else start
            for member in (is_letter, is_number, is_other):
                if member(text[first]):
                    end = first + 1
                    while end < length and member(text[end]):
                        end += 1
                    break
        if end == start:
            # Only white space is left here. The last space of a run belongs to the
            # word behind it, so a run gives that one up unless the text ends there.
            end = start + 1
            while end < length and is_space(text[end]):
                end += 1
            if end < length and end - start > 1:
                end -= 1
        pieces.append(text[start:end])
        start = end
    return pieces


class Tokenizer:
    def __init__(self, tokens: List[str], merges: List[Tuple[str, str]]):
        self.tokens = tokens
        self.merges = merges
        self.ids = {token: index for index, token in enumerate(tokens)}
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.end_of_text = self.ids[END_OF_TEXT]
        self.encode_piece = functools.lru_cache(maxsize=1 << 17)(self._encode_piece)

    @staticmethod
    def load(path: str) -> "Tokenizer":
        with open(path, encoding="utf-8") as handle:
            data = json.load(handle)
        return Tokenizer(data["tokens"], [tuple(pair) for pair in data["merges"]])

    def save(self, path: str) -> None:
        with open(path, "w", encoding="utf-8") as handle:
            json.dump({"tokens": self.tokens, "merges": self.merges}, handle)

    def _encode_piece(self, piece: str) -> Tuple[int, ...]:
        symbols = [BYTE_TO_CHAR[byte] for byte in piece.encode("utf-8")]
        while len(symbols) > 1:
            pairs = list(zip(symbols, symbols[1:]))
            best = min(pairs, key=lambda pair: self.ranks.get(pair, 1 << 30))
            if best not in self.ranks:
                break
            merged = []
            index = 0
            while index < len(symbols):
                if index + 1 < len(symbols) and (symbols[index], symbols[index + 1]) == best:
                    merged.append(symbols[index] + symbols[index + 1])
                    index += 2
                else:
                    merged.append(symbols[index])
                    index += 1
            symbols = merged
        return tuple(self.ids[symbol] for symbol in symbols)

    def encode(self, text: str) -> List[int]:
        """Encode plain text. Special tokens are never recognised inside it."""
        return [token for piece in pre_tokenize(text) for token in self.encode_piece(piece)]

    def decode(self, ids: List[int]) -> str:
        chars = "".join(self.tokens[token] for token in ids if token != self.end_of_text)
        return bytes(CHAR_TO_BYTE[char] for char in chars).decode("utf-8", "replace")

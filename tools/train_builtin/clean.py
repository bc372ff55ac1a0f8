"""Turn the raw book files into clean documents of plain English prose.

`load_documents(folder)` returns a list of `Document`. One document is one
fairy tale or one chapter: paragraphs joined by a single newline, ASCII only,
straight quotes, dashes written as `--`, no headings, no footnotes and nothing
of the e-book's own header, contents or licence text.

Run as a script it writes the documents to standard output for inspection:

    python3 clean.py --corpora DIR [--book grimm] [--split heldout]
"""

import argparse
import os
import re
import sys
import unicodedata
from typing import List, NamedTuple


class Document(NamedTuple):
    book: str
    text: str
    heldout: bool


# Sampling weight of each book in training. Simple narrative prose counts more.
BOOK_WEIGHTS = {
    "grimm": 1.6,
    "oz": 2.0,
    "alice": 1.5,
    "botchan": 1.0,
    "frankenstein": 1.0,
    "monte-cristo": 1.0,
    "dracula": 1.0,
    "war-and-peace": 0.9,
    "moby-dick": 0.7,
}

# Of every HELDOUT_EVERY documents of a book, one is kept out of training.
HELDOUT_EVERY = 50
HELDOUT_PHASE = 17


def read(folder: str, name: str) -> str:
    """Read a file as UTF-8, or as Latin-1 where it is not valid UTF-8."""
    with open(os.path.join(folder, name), "rb") as handle:
        raw = handle.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


REPLACEMENTS = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
    "\u2014": "--", "\u2013": "-", "\u2026": "...", "\u00a0": " ",
    "\u00e6": "ae", "\u00c6": "Ae", "\u0153": "oe", "\u00df": "ss",
    "\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue",
}


def normalise(text: str) -> str:
    """Reduce a paragraph to plain ASCII with regular spacing and punctuation."""
    for old, new in REPLACEMENTS.items():
        text = text.replace(old, new)
    text = unicodedata.normalize("NFKD", text)
    text = text.encode("ascii", "ignore").decode("ascii")
    text = text.replace("_", "").replace("`", "'").replace("\t", " ")
    text = re.sub(r"\[[A-Z0-9]{1,2}\]", "", text)        # footnote marks
    text = re.sub(r"\(\s*\[[A-Z]\]\s*\)", "", text)
    text = re.sub(r"\s*-{2,}\s*", "--", text)            # every dash is `--`
    text = re.sub(r"\.\s*\.(\s*\.)+", "...", text)       # and every ellipsis `...`
    text = re.sub(r"''", '"', text)
    text = re.sub(r"[*|{}<>~^\\=#@+]", "", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ([,;:.!?])", r"\1", text)
    return text.strip()


def blank_line_paragraphs(lines: List[str]) -> List[str]:
    """Unwrap text whose paragraphs are separated by blank lines.

    Deeply indented lines are verse, and stay lines of their own.
    """
    out: List[str] = []
    current: List[str] = []

    def flush():
        # A paragraph that opens with an asterisk is a footnote.
        if current and not current[0].startswith("*"):
            out.append(" ".join(current))
        current.clear()

    for line in lines:
        if not line.strip():
            flush()
        elif re.match(r"\s{4,}\S", line):
            flush()
            if not line.strip().startswith("*"):
                out.append(line.strip())
        else:
            current.append(line.strip())
    flush()
    return out


def ragged_paragraphs(lines: List[str], width: int) -> List[str]:
    """Unwrap text that has no blank lines between its paragraphs.

    The text was wrapped greedily, so a line that had room for the next line's
    first word must have been the last of its paragraph.
    """
    out: List[str] = []
    current = ""
    previous = ""
    for line in lines:
        line = line.strip()
        if not line:
            continue
        first_word = line.split(" ", 1)[0]
        fits = len(previous) + 1 + len(first_word) <= width
        if current and fits and re.search(r"[.!?:;,\"'\u201d\u2019\u2014-]$", previous):
            out.append(current)
            current = line
        else:
            current = current + " " + line if current else line
        previous = line
    if current:
        out.append(current)
    return out


def finish(paragraphs: List[str]) -> str:
    """Normalise paragraphs, drop those that are not prose, and join them."""
    kept = []
    for paragraph in paragraphs:
        text = normalise(paragraph)
        if not text or not re.search(r"[a-z]", text):
            continue                                     # headings in capitals
        if len(re.findall(r"[A-Za-z ]", text)) < 0.8 * len(text):
            continue                                     # tables and the like
        kept.append(text)
    return "\n".join(kept)


def split_lines(text: str, heading: str) -> List[List[str]]:
    """Split a text into runs of lines that start after each heading line."""
    parts: List[List[str]] = [[]]
    for line in text.split("\n"):
        if re.match(heading, line):
            parts.append([])
        else:
            parts[-1].append(line)
    return [part for part in parts if any(line.strip() for line in part)]


def grimm(folder: str):
    text = read(folder, "grimm.txt")
    text = text[text.index("\n1 The Frog-King"):text.index("*** END OF THE PROJECT")]
    # A title is a numbered line at the margin, and may run on up to the blank line.
    text = re.sub(r"\n(\d{1,3}|Legend \d{1,2}) [A-Z][^\n]*(\n[^\n]+)*\n", "\n@@@@\n", text)
    text = re.sub(r"\n-{20,}\n", "\n", text).replace("\nChildren's Legends\n", "\n")
    for part in split_lines(text, r"@@@@$"):
        yield "grimm", finish(blank_line_paragraphs(part))


def war_and_peace(folder: str):
    text = read(folder, "war-and-peace.txt")
    text = re.sub(r"\n(BOOK [A-Z]+: |FIRST EPILOGUE|SECOND EPILOGUE)[^\n]*\n", "\n", text)
    for part in split_lines(text, r"CHAPTER [IVXLC]+\s*$"):
        yield "war-and-peace", finish(blank_line_paragraphs(part))


def moby_dick(folder: str):
    text = read(folder, "moby-dick.txt")
    text = text[:text.index("End of this Project Gutenberg")]
    for number, part in enumerate(split_lines(text, r"(CHAPTER \d+|Epilogue)\s*$")):
        if number == 0:
            continue                                     # the title line
        paragraphs = blank_line_paragraphs(part)
        # The chapter's title comes first, as a short paragraph of its own.
        if len(paragraphs[0]) < 100:
            paragraphs = paragraphs[1:]
        yield "moby-dick", finish(paragraphs)


def frankenstein(folder: str):
    text = read(folder, "frankenstein.txt")
    for part in split_lines(text, r"Chapter \d+\s*$"):
        yield "frankenstein", finish(blank_line_paragraphs(part))


def botchan(folder: str):
    text = read(folder, "botchan.txt")
    start = text.index("CHAPTER I\n")
    end = text.index("\n[A: ") if "\n[A: " in text else text.index("End of Project Gutenberg")
    text = re.sub(r"\[Footnote[^\]]*\]\n?", "", text[start:end])
    for part in split_lines(text, r"CHAPTER [IVX]+\.?\s*$"):
        yield "botchan", finish(ragged_paragraphs(part, 72))


def excerpts(folder: str):
    """The file named after the Wizard of Oz holds six excerpts of four novels.

    Each excerpt is cut into pieces that overlap by a line or two. The overlaps
    are removed here: a passage that repeats at once is kept only once.
    """
    text = read(folder, "wizard-of-oz.txt")
    books = ["oz", "alice", "dracula"] + ["monte-cristo"] * 3
    excerpts = re.split(r'",?\n(?:\s*\],\n)?\s*\.\.\.,?\n(?:\s*\[\n)?\s*"', text)
    if len(excerpts) != len(books):
        raise ValueError("the file of excerpts is not laid out as expected")
    for book, excerpt in zip(books, excerpts):
        excerpt = re.sub(r"\"\n\s*\]\n\]\s*$", "", excerpt)
        pieces = re.split(r"\",\n    \"", excerpt)
        joined = pieces[0]
        for piece in pieces[1:]:
            for size in range(min(len(piece), len(joined), 600), 10, -1):
                if joined.endswith(piece[:size]):
                    piece = piece[size:]
                    break
            joined += piece
        joined = re.sub(r"(.{40,500}?)\1", r"\1", joined, flags=re.DOTALL)
        lines = [line for line in joined.split("\n")
                 if not re.match(r"\s*(CHAPTER|Chapter) ", line)]
        paragraphs = ragged_paragraphs(lines, 66)
        # An excerpt starts and ends anywhere, so its outer paragraphs are torn.
        yield book, finish(paragraphs[0 if book == "oz" else 1:-1])


SOURCES = [grimm, excerpts, war_and_peace, moby_dick, frankenstein, botchan]


def load_documents(folder: str) -> List[Document]:
    counts = {}
    documents = []
    for source in SOURCES:
        for book, text in source(folder):
            if len(text) < 200:
                continue
            index = counts.get(book, 0)
            counts[book] = index + 1
            documents.append(Document(book, text, index % HELDOUT_EVERY == HELDOUT_PHASE))
    return documents


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpora", required=True, help="folder with the book files")
    parser.add_argument("--book", help="print only this book")
    parser.add_argument("--split", choices=["train", "heldout"], help="print only this split")
    args = parser.parse_args()
    totals = {}
    for document in load_documents(args.corpora):
        split = "heldout" if document.heldout else "train"
        key = (document.book, split)
        count, size = totals.get(key, (0, 0))
        totals[key] = (count + 1, size + len(document.text))
        if args.book not in (None, document.book) or args.split not in (None, split):
            continue
        print(document.text + "\n" + "-" * 70)
    for (book, split), (count, size) in totals.items():
        print(f"{book:15s} {split:8s} {count:4d} documents {size:9d} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()

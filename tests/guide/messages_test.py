# SPDX-License-Identifier: BSD-3-Clause
"""Every message quoted in the guide's pages on troubleshooting and GPUs is in the sources.

A message is code in the first column of a table, with {placeholders}. The parts between them must be in the text of
one call in src/ or apps/, in this order."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "docs/guide" / name for name in ("troubleshooting.md", "gpu.md")]
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|//[^\n]*|\'(?:[^\'\\]|\\.)\'|([(){};])', re.S)


def statements(source):
    """The text of each statement: its string literals, '{}' for other code between them."""
    texts, end = [[]], 0
    for token in TOKEN.finditer(source):
        literal, mark = token[1], token[2]
        if literal is not None:
            between = source[end:token.start()].strip()
            texts[-1].append(("" if not between else "{}") + re.sub(r"\\(.)", r"\1", literal))
            end = token.end()
        elif mark and mark in ";{}":
            texts.append([])
            end = token.end()
    return ["".join(parts) + "{}" for parts in texts if parts]


def quoted(page):
    """(place, message) of the first columns of tables."""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("| `"):
            yield f"{page.name}:{number}", re.match(r"\| `([^`]*)`", line)[1]


def main():
    said = [text for folder in ("src", "apps") for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".cc", ".h")
            for text in statements(path.read_text())]
    messages, unknown = [message for page in PAGES for message in quoted(page)], []
    for place, message in messages:
        parts = [part for part in re.split(r"\{[^}]*\}", message) if part.strip()]
        pattern = re.compile(r"\{\}.*?".join(map(re.escape, parts)), re.S)
        assert parts, message
        if not any(pattern.search(text) for text in said):
            unknown.append(f"{place}: no source says: {message}")
    print(f"{len(messages)} messages")
    assert len(messages) > 50, len(messages)
    if unknown:
        sys.exit("\n".join(unknown))


main()

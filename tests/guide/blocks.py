# SPDX-License-Identifier: BSD-3-Clause
"""The fenced blocks of a page in Markdown."""
import dataclasses
import re

FENCE = re.compile(r"( *)```(\w*)\s*$")
COMMENT = re.compile(r"<!-- (not run|file): (.*) -->\s*$")


@dataclasses.dataclass
class Block:
    line: int
    language: str
    text: str
    not_run: str = ""  # why, of '<!-- not run: WHY -->' right before it
    file: str = ""  # of '<!-- file: NAME -->': the file that the block is a part of


def read_blocks(path):
    """All blocks of a page, in order."""
    blocks, marks, inside = [], {}, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if inside is not None:
            if fence and not fence[2]:
                blocks.append(inside)
                inside = None
            else:
                inside.text += line + "\n"
        elif fence:
            inside = Block(number, fence[2], "", marks.get("not run", ""), marks.get("file", ""))
            marks = {}
        elif comment := COMMENT.match(line):
            marks[comment[1]] = comment[2]
        elif line.strip():
            marks = {}
    assert inside is None, f"{path}:{inside.line}: a block without end"
    return blocks

# SPDX-License-Identifier: BSD-3-Clause
"""Runs every command block of a page of docs/guide, in order: guide_test.py PAGE VANTAGE WEIGHTS (EfficientNet-Lite0).

The page has the commands that users type, which would take hours. Here stand_ins.py makes small files with the page's names,
and a 'vantage' in PATH reduces numbers. Exit code 77: something that the page needs is not on this machine."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import stand_ins
from blocks import read_blocks

GUIDE = stand_ins.ROOT / "docs/guide"
MOST_NOT_RUN = 0.15  # of the guide's command blocks


def check_share():
    blocks = [block for page in GUIDE.glob("*.md") for block in read_blocks(page) if block.language == "sh"]
    left_out = [block for block in blocks if block.not_run]
    print(f"the guide has {len(blocks)} command blocks, of which {len(left_out)} are not run")
    assert len(left_out) <= MOST_NOT_RUN * len(blocks), [block.not_run for block in left_out]


def run_block(block, where, folder, environment):
    start = time.monotonic()
    command = ["bash", "-euo", "pipefail", "-c", stand_ins.on_this_machine(block.text)]
    done = subprocess.run(command, cwd=folder, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(f"{where}: {time.monotonic() - start:.1f} s", flush=True)
    if done.returncode != 0:
        sys.exit(f"{where}: exit code {done.returncode}\n{block.text}\n{done.stdout}")


def run_page(page, vantage, weights, folder):
    path = GUIDE / f"{page}.md"
    environment = stand_ins.prepare(page, vantage, weights, folder)
    for block in read_blocks(path):
        where = f"{page}.md:{block.line}"
        if block.file:
            with open(folder / block.file, "a") as file:
                file.write(block.text)
        elif block.language == "sh" and block.not_run:
            print(f"{where}: not run: {block.not_run}")
        elif block.language == "sh":
            run_block(block, where, folder, environment)
    for pattern in stand_ins.RESULTS[page]:
        found = [path for path in folder.glob(pattern) if path.is_dir() or path.stat().st_size > 0]
        assert found, f"{page}.md: left no {pattern}"


def main():
    page, vantage, weights = sys.argv[1], *(pathlib.Path(argument).resolve() for argument in sys.argv[2:])
    missing = stand_ins.missing(page, weights)
    if missing:
        print(f"skipped: needs {missing}")
        sys.exit(77)
    check_share()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="guide-"))
    try:
        run_page(page, vantage, weights, folder)
    finally:
        if "KEEP" in os.environ:
            print(folder)
        else:
            shutil.rmtree(folder)


main()

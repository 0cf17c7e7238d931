# SPDX-License-Identifier: BSD-3-Clause
"""Kills each writing task before every call that changes the disk, in turn, and runs it again.

    stops_test.py VANTAGE STOP_BEFORE.so WEIGHTS

After a kill each file that was there has its old bytes, or, if it is an output, the bytes of a finished run. The second run
ends well, its outputs have the bytes of a run that was never stopped, and nothing else is left.
"""
import hashlib
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

PROGRAM, INTERPOSER, WEIGHTS = sys.argv[1:4]
MOST_STOPS = 400


def write_descriptors(path, count, seed):
    values = random.Random(seed)
    rows = []
    for _ in range(count):
        row = [values.gauss(0, 1) for _ in range(8)]
        length = sum(x * x for x in row) ** 0.5
        rows += [x / length for x in row]
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, 8), }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    path.with_suffix(".npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head +
                                         struct.pack(f"<{8 * count}f", *rows))
    names = [f"{seed}/{i}.jpg" for i in range(count)]
    path.with_suffix(".json").write_text(json.dumps({"failed": [], "names": names, "provenance": {}}))


def run(folder, arguments, stop=0):
    environment = dict(os.environ, LD_PRELOAD=INTERPOSER, VANTAGE_STOP_BEFORE=str(stop))
    return subprocess.run([PROGRAM, *arguments, "--threads", "1"], cwd=folder, env=environment, capture_output=True,
                          text=True, check=False)


def hashes(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def check(condition, *words):
    if not condition:
        print("FAILED:", *words)
        sys.exit(1)


def stop_everywhere(start, name, arguments, changing=()):
    """`changing`: files of the task's own state that may differ between runs, such as a log with times."""
    with tempfile.TemporaryDirectory() as made:
        made = pathlib.Path(made)

        def fresh():
            shutil.rmtree(made / "work", ignore_errors=True)
            shutil.copytree(start, made / "work", symlinks=True)
            return made / "work"

        before = hashes(start)
        done = run(fresh(), arguments)
        check(done.returncode == 0, name, done.stderr)
        after = hashes(made / "work")
        stops = 0
        for stop in range(1, MOST_STOPS):
            folder = fresh()
            stopped = run(folder, arguments, stop)
            if stopped.returncode == 0:
                break
            stops += 1
            check(stopped.returncode == -9, name, "stop", stop, stopped.stderr)
            left = hashes(folder)
            for file, digest in before.items():
                check(left.get(file) in (digest, after[file]), name, "stop", stop, ": changed", file)
            again = run(folder, arguments)
            check(again.returncode == 0, name, "after stop", stop, again.stderr)
            end = hashes(folder)
            for file in set(after) | set(end):
                check(file in changing or end.get(file) == after.get(file), name, "after stop", stop, ":", file,
                      "is left" if file not in after else "is missing" if file not in end else "differs")
        else:
            check(False, name, "never ended")
        check(stops > 0, name, "was never stopped: is the interposer loaded?")
        print(f"{name}: {stops} stops", flush=True)


def main():
    with tempfile.TemporaryDirectory() as made:
        start = pathlib.Path(made)
        for name, count, seed in (("a", 12, 1), ("b", 9, 2), ("out", 5, 3)):
            write_descriptors(start / name, count, seed)
        (start / "notes.txt").write_text("a user's\n")
        (start / "out.txt").write_text("old.jpg pairs.jpg\n")
        (start / "out.csv").write_text("query,rank,name,score\n")
        done = subprocess.run([PROGRAM, "synthesize", "-o", str(start / "scenes"), "--train-scenes", "0", "--val-scenes", "0",
                               "--test-scenes", "2", "--test-photos", "4", "--distractors", "0", "--image-size", "64"],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, "synthesize", done.stderr)
        landmarks = next(p for p in sorted((start / "scenes").rglob("*")) if p.is_dir() and len(list(p.glob("*.jpg"))) >= 4)
        classes = str(landmarks.parent.relative_to(start))
        stop_everywhere(start, "merge", ["merge", "a.npy", "b.npy", "-o", "out"])
        stop_everywhere(start, "merge to HDF5", ["merge", "a.npy", "b.npy", "-o", "out.h5"])
        stop_everywhere(start, "search", ["search", "a.npy", "-k", "3", "-o", "out.csv"])
        stop_everywhere(start, "pairs", ["pairs", "a.npy", "-k", "3", "-o", "out.txt"])
        stop_everywhere(start, "tuples", ["tuples", classes, "--classes", "-o", "out.db", "--min-scene-photos", "2"])
        if pathlib.Path(WEIGHTS).is_file():
            shutil.copy(WEIGHTS, start / "weights.pth")
            options = ["--architecture", "efficientnet_lite0", "--pooling", "gem"]
            stop_everywhere(start, "extract", ["extract", "weights.pth", str(landmarks.relative_to(start)), "-o", "out",
                                               "--size", "64", *options])
        else:
            print("extract was left out: needs", WEIGHTS)
    print("stops: no file was lost")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""Kills each writing task before every call that changes the disk, in turn, and runs it again.

    stops_test.py VANTAGE STOP_BEFORE.so WEIGHTS [TASK ...]

After a kill each file that existed has its old bytes, or, if it is an output, the bytes of a finished run. The second run
succeeds, its outputs have the bytes of a run that was never stopped, and nothing else is left.
"""
import contextlib
import fnmatch
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

PROGRAM, INTERPOSER, WEIGHTS = sys.argv[1:4]
CHOSEN = sys.argv[4:]
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


def count_stops(fresh, arguments, name):
    """The number of calls that change the disk: the smallest n for which a stop before call n does not end the run."""
    low, high = 0, 1  # the run is stopped before call `low`, but not before call `high`
    while run(fresh(), arguments, high).returncode == -9:
        low, high = high, 2 * high
        check(high < 1 << 16, name, "never ended")
    while high - low > 1:
        middle = (low + high) // 2
        if run(fresh(), arguments, middle).returncode == -9:
            low = middle
        else:
            high = middle
    return low


def stop_everywhere(start, name, arguments, changing=(), most=MOST_STOPS, resume=lambda folder: []):
    """`changing`: patterns of the task's own files that may differ between runs, such as a log with times. At most
    `most` evenly spaced stops are tried. `resume`: additional arguments of the second run."""
    if CHOSEN and name not in CHOSEN:
        return
    with tempfile.TemporaryDirectory() as made:
        made = pathlib.Path(made)

        def fresh():
            shutil.rmtree(made / "work", ignore_errors=True)
            shutil.copytree(start, made / "work", symlinks=True)
            return made / "work"

        def changes(file):
            return any(fnmatch.fnmatch(file, pattern) for pattern in changing)

        before = hashes(start)
        done = run(fresh(), arguments)
        check(done.returncode == 0, name, done.stderr)
        after = hashes(made / "work")
        count = count_stops(fresh, arguments, name)
        check(count > 0, name, "was never stopped: is the interposer loaded?")
        taken = min(most, count)
        for stop in sorted({1 + i * (count - 1) // max(1, taken - 1) for i in range(taken)}):
            folder = fresh()
            stopped = run(folder, arguments, stop)
            if stopped.returncode == 0 and changing:
                break  # such a task does not always write as often
            check(stopped.returncode == -9, name, "stop", stop, stopped.stderr)
            left = hashes(folder)
            for file, digest in before.items():
                check(left.get(file) in (digest, after[file]), name, "stop", stop, ": changed", file)
            again = run(folder, arguments + resume(folder))
            check(again.returncode == 0, name, "after stop", stop, again.stderr)
            end = hashes(folder)
            for file in set(after) | set(end):
                check(changes(file) or end.get(file) == after.get(file), name, "after stop", stop, ":", file,
                      "is left" if file not in after else "is missing" if file not in end else "differs")
        print(f"{name}: {taken} of {count} stops", flush=True)


FAKE_COLMAP = """#!/bin/sh
here=$(dirname "$0")
if [ "$1" = help ]; then echo "COLMAP 9.1 -- Structure-from-Motion"; exit 0; fi
if [ "$2" = --help ]; then cat "$here/options"; exit 0; fi
case $1 in
  feature_extractor) if [ ! -e "$3" ]; then cp "$here/made.db" "$3.new" && mv "$3.new" "$3"; fi ;;
  mapper) mkdir -p "$7/0" && cp "$here"/model/* "$7/0" ;;
esac
"""
COLMAP_OPTIONS = """--database_path --image_path --image_list_path --output_path --match_list_path --match_type
--SiftExtraction.use_gpu --SiftExtraction.num_threads --SiftExtraction.max_image_size --SiftExtraction.max_num_features
--SiftMatching.use_gpu --SiftMatching.num_threads --ExhaustiveMatching.block_size --Mapper.num_threads
--Mapper.min_model_size"""


TRAINING = """epochs = 2
tuples_per_step = 2
[model]
architecture = "efficientnet_lite0"
weights = "weights.pth"
[data]
training_set = "set.db"
image_size = 64
test_size = 64
[mining.negatives]
queries = 4
pool = 8
negatives = 1
"""


def write_fake_colmap(folder, photos):
    """A program that replaces COLMAP and copies the files in its folder."""
    (folder / "model").mkdir(parents=True)
    (folder / "colmap").write_text(FAKE_COLMAP)
    (folder / "colmap").chmod(0o755)
    (folder / "options").write_text(" arg\n".join(COLMAP_OPTIONS.split()) + " arg\n")
    with contextlib.closing(sqlite3.connect(folder / "made.db")) as database:
        database.executescript("""
            CREATE TABLE cameras (camera_id INTEGER); CREATE TABLE images (image_id INTEGER, name TEXT);
            CREATE TABLE keypoints (image_id INTEGER, rows INTEGER); CREATE TABLE descriptors (image_id INTEGER, rows INTEGER);
            CREATE TABLE matches (pair_id INTEGER, rows INTEGER); CREATE TABLE two_view_geometries (pair_id INTEGER, rows INTEGER);
        """)
        database.executemany("INSERT INTO images VALUES (?, ?)", enumerate(photos, 1))
        database.commit()
    (folder / "model/cameras.txt").write_text("1 SIMPLE_PINHOLE 64 64 50 32 32\n")
    (folder / "model/images.txt").write_text("".join(f"{i} 1 0 0 0 {i} 0 0 1 {name}\n5 5 1\n"
                                                     for i, name in enumerate(photos, 1)))
    track = " ".join(f"{i} 0" for i in range(1, len(photos) + 1))
    (folder / "model/points3D.txt").write_text(f"1 0 0 5 128 128 128 0.5 {track}\n")


def main():
    with tempfile.TemporaryDirectory() as made:
        start = pathlib.Path(made)
        for name, count, seed in (("a", 12, 1), ("b", 9, 2), ("out", 5, 3)):
            write_descriptors(start / name, count, seed)
        (start / "notes.txt").write_text("a user's\n")
        (start / "out.txt").write_text("old.jpg pairs.jpg\n")
        (start / "out.csv").write_text("query,rank,name,score\n")
        done = subprocess.run([PROGRAM, "synthesize", "-o", str(start / "scenes"), "--train-scenes", "0", "--val-scenes", "0",
                               "--test-scenes", "2", "--test-photos", "4", "--distractor-photos", "0", "--size", "64"],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, "synthesize", done.stderr)
        landmarks = next(p for p in sorted((start / "scenes").rglob("*")) if p.is_dir() and len(list(p.glob("*.jpg"))) >= 4)
        classes = str(landmarks.parent.relative_to(start))
        stop_everywhere(start, "merge", ["merge", "a.npy", "b.npy", "-o", "out"])
        stop_everywhere(start, "merge to HDF5", ["merge", "a.npy", "b.npy", "-o", "out.h5"])
        stop_everywhere(start, "search", ["search", "a.npy", "-k", "3", "-o", "out.csv"])
        stop_everywhere(start, "pairs", ["pairs", "a.npy", "-k", "3", "-o", "out.txt"])
        stop_everywhere(start, "tuples", ["tuples", classes, "--classes", "-o", "out.db", "--min-scene-photos", "2"])
        write_fake_colmap(start / "colmap", [f"{i}.jpg" for i in range(4)])
        for i, photo in enumerate(sorted(landmarks.glob("*.jpg"))[:4]):
            (start / "photos/scene").mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, start / "photos/scene" / f"{i}.jpg")
        (start / "models/scene").mkdir(parents=True)
        (start / "models/scene/photos.txt").write_text("a user's\n")
        stop_everywhere(start, "reconstruct", ["reconstruct", "photos", "-o", "models", "--colmap", "colmap/colmap"],
                        changing=["models/scene/.vantage/scene.json", "models/scene/.vantage/colmap.log"])
        stop_everywhere(start, "synthesize", ["synthesize", "-o", "made", "--train-scenes", "0",
                                              "--val-scenes", "0", "--test-scenes", "1", "--test-photos", "3", "--distractor-photos", "0",
                                              "--size", "64"], most=40)
        if pathlib.Path(WEIGHTS).is_file():
            shutil.copy(WEIGHTS, start / "weights.pth")
            architecture = ["--architecture", "efficientnet_lite0"]
            options = [*architecture, "--size", "64"]
            stop_everywhere(start, "extract", ["extract", "weights.pth", str(landmarks.relative_to(start)), "-o", "out",
                                               *options])
            stop_everywhere(start, "evaluate --save", ["evaluate", "weights.pth", "--data", classes, "--save", "out",
                                                       "--save-results", "results.json", "--report", "page.html", *options],
                            changing=["page.html"])
            stop_everywhere(start, "convert", ["convert", "weights.pth", "model.safetensors", *architecture])
            subprocess.run([PROGRAM, "tuples", classes, "--classes", "-o", "set.db", "--min-scene-photos", "2",
                            "--query-fraction", "1"], cwd=start, check=True, capture_output=True)
            stop_everywhere(start, "report", ["report", "set.db", "-o", "set.html"])
            stop_everywhere(start, "whiten", ["whiten", "weights.pth", "--tuples", "set.db", "-o", "white.pth", *options],
                            most=20)
            (start / "train.toml").write_text(TRAINING)
            stop_everywhere(start, "train", ["train", "train.toml", "-o", "run"], most=12,
                            changing=["run/*.csv", "run/report.html", "run/tensorboard/*"],
                            resume=lambda folder: ["--resume"] if (folder / "run/last.pth").exists() else [])
        else:
            print("extract was left out: needs", WEIGHTS)
    print("stops: no file was lost")


if __name__ == "__main__":
    main()

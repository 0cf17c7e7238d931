#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""'vantage' for the guide's command blocks in the test: runs the same command with smaller numbers."""
import os
import pathlib
import sys

PROGRAM = "@VANTAGE@"

# Options that are added to a command unless it has them.
ADDED = {
    "synthesize": ["--train-scenes=6", "--val-scenes=0", "--test-scenes=3", "--scene-photos=6", "--test-photos=3",
                   "--distractor-photos=4", "--size=192", "--views-arc=60"],
    "tuples": ["--val-fraction=0.4", "--query-fraction=1"],
    "whiten": ["--size=128"],
    "evaluate": ["--size=128", "--resamples=100"],
    "extract": ["--size=128"],
    "report": ["--size=128", "--show-queries=4", "--thumbnail-size=64"],
}
# Values that replace those of a command's options.
REPLACED = {"--size": "128", "--dim": "8", "--device": "cpu"}
TRAINING = ["epochs=1", "tuples_per_step=4", "model.architecture=efficientnet_lite0", "data.image_size=96",
            "data.test_size=96", "data.augmentation.square_size=0", "data.augmentation.crop_size=0", "mining.rounds=1",
            "compute.device=cpu", "compute.precision=fp32", "schedule.warmup_steps=0"]
NEGATIVES = ["mining.negatives.queries=4", "mining.negatives.pool=24"]
NETVLAD = ["data.augmentation.square_size=96", "model.head.netvlad.local_dimension=128", "model.head.netvlad.clusters=4",
           "initialization.photos=4", "mining.difficulty.pool=24",
           "mining.difficulty.lowest_loss=-10", "mining.difficulty.highest_loss=10"]


def smaller(arguments):
    command = arguments[0]
    for i, argument in enumerate(arguments[:-1]):
        if argument in REPLACED:
            arguments[i + 1] = REPLACED[argument]
    named = {argument.split("=")[0] for argument in arguments}
    if command == "report" and pathlib.Path(arguments[1]).is_dir():  # of a run: describes nothing
        named.add("--size")
    if command == "train":
        changes = TRAINING + (NETVLAD if any("mva2022" in argument for argument in arguments) else NEGATIVES)
        return arguments + [word for change in changes for word in ("--set", change)]
    return arguments + [option for option in ADDED.get(command, []) if option.split("=")[0] not in named]


if __name__ == "__main__":
    os.execv(PROGRAM, [PROGRAM, *smaller(sys.argv[1:])])

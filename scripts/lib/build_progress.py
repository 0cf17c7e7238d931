# SPDX-License-Identifier: BSD-3-Clause
"""Runs a ninja build and prints how long it will take, measured on its first files.

    build_progress.py COMMAND...    # a command that runs ninja, such as cmake --build --preset release

Ninja's lines pass through, with the time left at their end. Returns the command's exit status.
"""
import re
import subprocess
import sys
import time

# Seconds of one core for a step of each kind (a Zen 4 with precompiled headers). Only ratios matter.
COSTS = [
    (re.compile(r"precompiled_torch\w*\.dir/cmake_pch"), 30.0),
    (re.compile(r"cmake_pch"), 8.0),
    (re.compile(r"Building .* (src/(nn|extract|mining|train)|apps)/"), 5.0),
    (re.compile(r"Building .* tests/"), 6.0),
    (re.compile(r"Building "), 2.5),
    (re.compile(r"Linking CXX executable"), 1.0),
    (re.compile(r""), 0.2),
]
STEP = re.compile(r"^\[(\d+)/(\d+)\] (.*)$")
MEASURED_SECONDS = 15.0  # after this time the rate of the first files is reliable


def cost(step):
    return next(seconds for pattern, seconds in COSTS if pattern.search(step))


def duration(seconds):
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def planned(command):
    """The steps that ninja would run, or none if it cannot list them."""
    result = subprocess.run(command + ["--", "-n"], capture_output=True, text=True, check=False)
    return [m.group(3) for m in map(STEP.match, result.stdout.splitlines()) if m]


def main(command):
    total = sum(map(cost, planned(command)))
    done, told, start = 0.0, False, time.monotonic()
    show = sys.stderr
    build = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    pending = False  # the terminal's last line is a step, to be overwritten
    for line in build.stdout:
        line = line.rstrip("\n")
        step = STEP.match(line)
        if not step:
            show.write(("\n" if pending else "") + line + "\n")
            pending = False
            continue
        done += cost(step.group(3))
        passed = time.monotonic() - start
        left = passed * max(total - done, 0.0) / done
        if not told and passed > MEASURED_SECONDS:
            told = True
            show.write(("\n" if pending else "") + f"build: about {duration(passed + left)} on this machine "
                       f"({step.group(2)} steps, by the time of the first {step.group(1)})\n")
            pending = False
        if told:
            line += f"  ({duration(left)} left)"
        if show.isatty():
            show.write(f"\r\033[K{line[:160]}")
            pending = True
        else:
            show.write(line + "\n")
        show.flush()
    if pending:
        show.write("\n")
    return build.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

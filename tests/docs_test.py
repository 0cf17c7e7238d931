# SPDX-License-Identifier: BSD-3-Clause
"""Every command in the documents names an existing subcommand and existing options, every link leads to an existing target,
and no document lists the formats of photos, which `vantage info` does: docs_test.py VANTAGE."""
import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VANTAGE = sys.argv[1]
# Words between a line's start and the program: env assignments, srun, a shell's keyword, another program's options.
PROGRAM = re.compile(r"(?:^|[\s'\"(])vantage ([a-z]+)(.*)")


def documents():
    yield ROOT / "README.md"
    yield ROOT / "CONTRIBUTING.md"
    yield ROOT / "ARCHITECTURE.md"
    yield from sorted((ROOT / "docs").rglob("*.md"))
    yield from sorted((ROOT / "configs").glob("*.toml"))


def lines_of_code(path):
    """(number, line) of code blocks, lines that end in a backslash joined; comments of a recipe."""
    lines = path.read_text().splitlines()
    fenced = False
    joined, start = "", 0
    for number, line in enumerate(lines, 1):
        if line.strip().startswith("```"):
            fenced = not fenced
            continue
        is_code = line.startswith("#   ") if path.suffix == ".toml" else fenced or line.startswith("    ")
        if not is_code:
            joined = ""
            continue
        line = line.lstrip("# ")
        if not joined:
            start = number
        joined += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        yield start, joined
        joined = ""


def anchors(path):
    """The anchors that GitHub makes from headings."""
    headings = [line.lstrip("#").strip().lower() for line in path.read_text().splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}


def broken_links(path):
    text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            yield f"{target}: no such file"
        elif anchor and anchor not in anchors(file):
            yield f"{target}: no such heading"


def words(text):
    try:
        return shlex.split(text, comments=True)
    except ValueError:  # a quote that another line ends
        return text.split()


def help_of(command, known={}):
    if command not in known:
        done = subprocess.run([VANTAGE, command, "--help"], capture_output=True, text=True)
        known[command] = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", done.stdout)) if done.returncode == 0 else None
    return known[command]


def lists_of_formats(path, formats):
    """"JPEG or PNG", "`.jpg`, `.png`": two formats or endings side by side."""
    words = [*map(re.escape, formats), *(f"`{re.escape(ending)}`" for endings in formats.values() for ending in endings)]
    word = "(?:" + "|".join(words) + ")"
    yield from re.findall(rf"{word}(?:,| and| or)\s+{word}", path.read_text())


def main():
    problems, commands = [], 0
    formats = json.loads(subprocess.run([VANTAGE, "info", "--json"], capture_output=True, check=True).stdout)["photo_formats"]
    for path in documents():
        if path.suffix == ".md":
            name = path.relative_to(ROOT)
            problems += [f"{name}: link to {broken}" for broken in broken_links(path)]
            problems += [f"{name}: '{found}': 'vantage info' lists the formats" for found in lists_of_formats(path, formats)]
        for number, line in lines_of_code(path):
            match = PROGRAM.search(line)
            if not match or re.search(r"# [0-9a-f]{7,}$", line):  # a command of the revision that it names
                continue
            commands += 1
            command, rest = match.groups()
            where = f"{path.relative_to(ROOT)}:{number}"
            options = help_of(command)
            if options is None:
                problems.append(f"{where}: no command 'vantage {command}'")
                continue
            for word in words(rest):
                if word in ("&&", "|", ";", "&", "-c"):
                    break
                option = word.lstrip("[").split("=")[0].rstrip("];")
                if re.fullmatch(r"--?[a-z][\w-]*", option) and option not in options:
                    problems.append(f"{where}: vantage {command} has no option {option}")
    print(f"{commands} commands")
    assert commands > 80, commands
    endings = [ending for of_format in formats.values() for ending in of_format]
    pictures = sum(path.stat().st_size for path in (ROOT / "docs").rglob("*") if path.suffix in endings)
    assert pictures < 600_000, pictures
    if problems:
        sys.exit("\n".join(problems))


main()

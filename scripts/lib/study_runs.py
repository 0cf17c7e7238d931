# SPDX-License-Identifier: BSD-3-Clause
"""The runs of a study. A step (tuples, train, whiten, evaluate) is identified by a digest of its command and of the steps
that it depends on, so that rows share common steps, and finished steps are not repeated."""
import csv
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time


class StudyError(Exception):
    pass


class Step:
    """One command and its result, kept as FOLDER/KIND-DIGEST.json."""

    def __init__(self, study, kind, arguments, on=()):
        self.study = study
        self.kind = kind
        self.arguments = arguments
        plain = study.plain(arguments)
        named = [step for name, step in study.prepared.items() if any("{" + name + "}" in part for part in plain)]
        self.on = [*named, *(step for step in on if step)]
        identity = json.dumps([kind, plain, [step.digest for step in self.on]])
        self.digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
        self.base = study.folder / f"{kind}-{self.digest}"
        self.record = pathlib.Path(f"{self.base}.json")

    def is_done(self):
        return self.record.exists()

    def result(self):
        return json.loads(self.record.read_text()) if self.is_done() else None

    def command(self):
        return [self.study.vantage, self.kind, *self.arguments_of(), "--json"]

    def arguments_of(self):
        return [argument.replace("{out}", str(self.base)) for argument in self.arguments]

    def run(self):
        for step in self.on:
            step.run()
        if self.is_done():
            return
        command = self.command()
        self.study.tell(" ".join(command))
        start = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise StudyError(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr[-2000:]}")
        self.write({"command": self.study.plain(command), "commit": self.study.commit,
                    "seconds": round(time.monotonic() - start, 1), "result": json.loads(done.stdout)})

    def write(self, record):
        partial = pathlib.Path(f"{self.record}.partial-{os.getpid()}")
        partial.write_text(json.dumps(record, indent=1) + "\n")
        partial.rename(self.record)


class Row:
    """A variant: for each seed the steps that its evaluations depend on."""

    def __init__(self, study, question, variant):
        self.study = study
        self.name = variant["name"]
        base = study.plan["base"]
        self.options = {key: variant.get(key, question.get(key, base.get(key)))
                        for key in ("recipe", "weights", "tuples", "model", "whiten", "evaluate", "tuples_seed")}
        layers = [part.get("train", {}) for part in (base, question, variant)]
        self.is_trained = all(layer is not False for layer in layers)
        self.train = {key: value for layer in layers if layer for key, value in layer.items()}
        self.tuples_more = [*question.get("tuples_more", []), *variant.get("tuples_more", [])]
        self.more = [*question.get("evaluate_more", []), *variant.get("evaluate_more", [])]
        self.search = variant.get("search")
        self.is_whitened = self.options["whiten"] not in (None, False)  # [] is: without more arguments
        seeds = variant.get("seeds", question.get("seeds", study.plan.get("seeds", [0])))
        drawn = self.is_trained or (self.is_whitened and self.options["tuples_seed"] is None)
        self.seeds = seeds if drawn else seeds[:1]

    def steps(self, seed):
        """The evaluations of a seed by benchmark."""
        study = self.study
        options = self.options
        tuples = model = None
        path, bare = options["weights"], options["model"] or []
        if self.is_trained or self.is_whitened:
            tuples = Step(study, "tuples", study.fill([*options["tuples"], *self.tuples_more, "--seed",
                                                 str(seed if options["tuples_seed"] is None else options["tuples_seed"]),
                                                 "-o", "{out}.db"]))
        if self.is_trained:
            changes = {**self.train, "seed": seed, "model.weights": path,
                       "data.training_set": f"{tuples.base}.db"}
            sets = [part for key, value in changes.items() for part in ("--set", f"{key}={text(value)}")]
            model = Step(study, "train", study.fill([options["recipe"], "-o", "{out}", "--resume", *sets]), [tuples])
            path, bare = f"{model.base}/best.pth", []
        if self.is_whitened:
            model = Step(study, "whiten",
                         study.fill([path, *bare, "--tuples", f"{tuples.base}.db", "-o", "{out}.pth",
                                     *options["whiten"]]), [model, tuples])
            path, bare = f"{model.base}.pth", []
        arguments = [path, *bare, *(options["evaluate"] or []), *self.more]
        return {name: self.evaluation(arguments, model, benchmark)
                for name, benchmark in study.plan["benchmarks"].items()}

    def evaluation(self, arguments, model, benchmark):
        """Photos are described once for all kinds of search."""
        data, told = ["--data", benchmark["data"], *benchmark.get("evaluate", [])], ["--per-query", "{out}.csv"]
        distractors = ["--distractors", benchmark["distractors"]] if "distractors" in benchmark else []
        all_of_it = [*arguments, *data, *distractors, *told, "--save", "{out}-photos"]
        described = Step(self.study, "evaluate", self.study.fill(all_of_it), [model])
        if self.search is None:
            return described
        files = [f"{described.base}-photos.npy", "--queries", f"{described.base}-photos-queries.npy"]
        if distractors:  # saved with the benchmark's photos
            files += ["--distractors", f"{described.base}-photos.npy"]
        return Step(self.study, "evaluate", self.study.fill([*files, *data, *told, *self.search]), [described])


class Study:
    def __init__(self, plan, folder, inputs, vantage):
        missing = [f"--input {name}=... ({what})" for name, what in plan.get("inputs", {}).items() if name not in inputs]
        if missing:
            raise SystemExit("error: the study needs " + ", ".join(missing))
        self.plan = plan
        self.folder = folder
        self.inputs = dict(inputs)
        self.vantage = vantage
        self.commit = commit()
        self.prepared = {}
        self.plan_preparation()
        folder.mkdir(parents=True, exist_ok=True)

    def plan_preparation(self):
        """The results of [[prepare]], unless the call gives them, are inputs of the later steps that name them."""
        for made in self.plan.get("prepare", []):
            name, (kind, *arguments) = made["name"], made["command"]
            if name not in self.inputs:
                step = self.prepared[name] = Step(self, kind, self.fill(arguments))
                self.inputs[name] = made.get("path", "{out}").replace("{out}", str(step.base))

    def fill(self, arguments):
        filled = []
        for argument in arguments:
            for name, value in self.inputs.items():
                argument = argument.replace("{" + name + "}", value)
            filled.append(argument)
        return filled

    def plain(self, arguments):
        """Machine-independent form: inputs and the folder by their names."""
        names = {value: "{" + name + "}" for name, value in self.inputs.items()}
        names[str(self.folder)] = "study"
        names[self.vantage] = "vantage"
        shown = []
        for argument in arguments:
            for value in sorted(names, key=len, reverse=True):
                argument = argument.replace(value, names[value])
            shown.append(argument)
        return shown

    def questions(self, only):
        known = {question["id"]: question for question in self.plan["question"]}
        for name in only:
            if name not in known:
                raise StudyError(f"no question '{name}'; there are {', '.join(known)}")
        return [(question, [Row(self, question, variant) for variant in question["variant"]])
                for question in known.values() if not only or question["id"] in only]

    def run(self, questions):
        """Runs the missing steps, one command at a time: all rows with the first seed, then with the next, so that a study that is
        ended early is of fewer seeds, not of fewer rows. Returns what failed: question, row, seed."""
        steps = [(question["id"], row.name, seed, step) for question, rows in questions for row in rows
                 for seed in row.seeds for step in row.steps(seed).values()]
        missing = sorted((entry for entry in steps if not entry[3].is_done()), key=lambda entry: entry[2])
        start, failed = time.monotonic(), []
        for number, (question, row, seed, step) in enumerate(missing):
            passed = time.monotonic() - start
            left = f", about {passed / number * (len(missing) - number) / 60:.0f} min left" if number else ""
            self.tell(f"[{number + 1} of {len(missing)}{left}] {question}: {row}, seed {seed}")
            try:
                step.run()
            except StudyError as error:
                self.tell(f"error: {error}")
                failed.append((question, row, seed))
        return failed

    @staticmethod
    def tell(message):
        print(message, file=sys.stderr, flush=True)


def average_precisions(step):
    """Results by query of a finished evaluation."""
    with open(f"{step.base}.csv", newline="") as file:
        return {(row.get("task", ""), row["query"]): float(row["average_precision"]) for row in csv.DictReader(file)
                if row["average_precision"] not in ("", "nan")}


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def commit():
    """The commit of the working tree, with a + if it was changed since."""
    def git(*command):
        return subprocess.run(["git", "-C", str(pathlib.Path(__file__).parent), *command], capture_output=True,
                              text=True).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")

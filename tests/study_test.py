# SPDX-License-Identifier: BSD-3-Clause
"""scripts/study on a few synthetic landmarks: study_test.py VANTAGE WEIGHTS (EfficientNet-Lite0)."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts/lib"))
from study_runs import Study  # noqa: E402

VANTAGE, WEIGHTS = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:])
FOLDER = pathlib.Path(tempfile.mkdtemp())

STUDY = """
title = "Small"
seeds = [0, 1]
[inputs]
scenes = "landmarks"
weights = "weights"
[[prepare]]
name = "start"
command = ["convert", "{weights}", "{out}.pth", "--architecture", "efficientnet_lite0"]
path = "{out}.pth"
[base]
recipe = "recipe.toml"
weights = "{start}"
tuples_seed = 3
tuples = ["{scenes}/train/models", "--photos", "{scenes}/train/photos", "--val-fraction", "0", "--query-fraction", "1"]
train = { epochs = 1, "mining.negatives.queries" = 4, "data.image_size" = 64, "data.test_size" = 64 }
evaluate = ["--size", "64"]
[benchmarks.landmarks]
data = "{scenes}/test/photos"
[[question]]
id = "training"
title = "Training"
cost = true
[[question.variant]]
name = "off the shelf"
train = false
[[question.variant]]
name = "fine-tuned"
[[question.variant]]
name = "fine-tuned and whitened"
whiten = ["--shrinkage", "0.5"]
[[question.variant]]
name = "expanded"
search = ["--stage", "alpha_qe:neighbors=2"]
seeds = [1]
[[question.claim]]
says = "Training gains"
source = "nobody"
better = "fine-tuned"
worse = "off the shelf"
"""


def run(*command, code=0):
    done = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER)
    assert done.returncode == code, (command, done.returncode, done.stderr)
    return done.stderr


def main():
    folder = FOLDER
    run(VANTAGE, "synthesize", "-o", "scenes", "--train-scenes", "3", "--val-scenes", "0", "--test-scenes", "3",
        "--scene-photos", "5", "--test-photos", "3", "--distractor-photos", "0", "--size", "64")
    plan = folder / "study.toml"
    plan.write_text(STUDY)
    shutil.copy(ROOT / "configs/quickstart.toml", folder / "recipe.toml")

    def study(*more, code=0):
        return run(ROOT / "scripts/study", "study.toml", "-o", "runs", "--input", "scenes=scenes", "--input",
                   f"weights={WEIGHTS}", "--vantage", VANTAGE, "--page", "results.md", *more, code=code)

    told = study()
    assert "[1 of 6]" in told, told  # one evaluation off the shelf, one of the last, two seeds of the others
    assert told.count("vantage evaluate") == 6, told  # the last in descriptors that are there
    assert told.count("vantage convert") == 1 and told.count("vantage tuples") == 1, told
    first, second = (told.index(f"--set seed={seed}") for seed in (0, 1))
    assert first < told.index("shrinkage") < second, "not all rows of the first seed before the second"
    page = (folder / "results.md").read_text()
    assert "| fine-tuned and whitened |" in page and "not run" not in page, page
    assert page.count("| Training gains (nobody) | **") == 2, page  # above, and with its question
    assert "| ms a query, landmarks |" in page, page
    for path in (str(folder), WEIGHTS, VANTAGE):
        assert path not in page, (path, "a path of this machine in the page")
    assert (folder / "results-plots/training-landmarks.svg").read_text().startswith("<svg")
    records = sorted((folder / "runs").glob("*-????????????.json"))

    # Finished runs are not repeated; the page is the same.
    assert "evaluate" not in study(), "a command was run again"
    assert (folder / "results.md").read_text() == page

    # Only an added row runs; if it fails, it is named, and the others are in the page.
    plan.write_text(plan.read_text() + '[[question.variant]]\nname = "wrong"\nevaluate_more = ["--no-such-option"]\n')
    told = study(code=1)
    assert "failed: training: wrong, seed 0; training: wrong, seed 1" in told, told
    page = (folder / "results.md").read_text()
    assert "| wrong | not run |" in page and "| fine-tuned | " in page, page
    assert sorted((folder / "runs").glob("*-????????????.json")) == records

    # A changed preparation repeats the runs that depend on it, and no others.
    plan.write_text(plan.read_text().replace('"efficientnet_lite0"]\npath', '"efficientnet_lite0", "--licence", "none"]\npath'))
    told = study(code=1)
    assert told.count("vantage convert") == 1 and told.count("vantage train") == 2, told
    assert "vantage tuples" not in told, told

    assert "needs --input weights" in run(ROOT / "scripts/study", "study.toml", "-o", "runs", "--input", "scenes=x", code=1)
    assert "no question 'x'" in study("--only", "x", code=1)


def plans():
    """Each study that comes along can be planned, and judges rows that it has."""
    files = sorted((ROOT / "configs/studies").glob("*.toml"))
    assert files
    for path in files:
        plan = tomllib.loads(path.read_text())
        study = Study(plan, FOLDER / path.stem, {name: name.upper() for name in plan["inputs"]}, "vantage")
        for question, rows in study.questions([]):
            names = {row.name for row in rows}
            assert len(names) == len(rows), (path, question["id"], "two rows of one name")
            for row in rows:
                steps = [step for seed in row.seeds for step in row.steps(seed).values()]
                assert not any("{" in argument.replace("{out}", "") for step in steps for argument in step.arguments), row.name
                recipe = row.options["recipe"]
                assert not row.is_trained or (ROOT / recipe).is_file(), (path, recipe)
            for claim in question.get("claim", []):
                assert {claim["better"], claim["worse"]} <= names, (path, claim)


try:
    plans()
    main()
finally:
    shutil.rmtree(FOLDER)

# SPDX-License-Identifier: BSD-3-Clause
"""The page of a study: a table and a plot for each question, and which of its claims hold. Nothing is typed by hand: every
figure comes from a record with its command and its commit."""
import random
import re
import statistics
import textwrap

from study_plot import draw_rows
from study_runs import average_precisions

DRAWS = 2000
CONFIDENCE = 0.95
WIDTH = 120  # of a line of text


class Figure:
    """A row's mAP on a benchmark: a value for each finished seed, and each query's AP, averaged over the seeds."""

    def __init__(self, row, benchmark):
        self.steps = [step for seed in row.seeds if (step := row.steps(seed)[benchmark]).is_done()]
        self.seeds = len(row.seeds)
        self.is_whole = len(self.steps) == len(row.seeds)
        self.maps = [100 * step.result()["result"]["map"] for step in self.steps]
        by_seed = [average_precisions(step) for step in self.steps]
        self.queries = {query: statistics.fmean(seed[query] for seed in by_seed) for query in by_seed[0]} if by_seed else {}

    @property
    def mean(self):
        return statistics.fmean(self.maps)

    @property
    def spread(self):
        """Standard deviation over the seeds."""
        return statistics.stdev(self.maps) if len(self.maps) > 1 else 0.0

    @property
    def milliseconds(self):
        """Mean time of the search for a query."""
        return statistics.fmean(1000 * result["search_seconds"] / result["queries"]
                                for step in self.steps for result in [step.result()["result"]])

    def interval(self):
        """Interval of the mean, in percent, by resampling queries."""
        return bootstrap([100 * ap for ap in self.queries.values()])


def bootstrap(values):
    draw = random.Random(0)
    means = sorted(statistics.fmean(draw.choices(values, k=len(values))) for _ in range(DRAWS))
    cut = int(DRAWS * (1 - CONFIDENCE) / 2)
    return means[cut], means[DRAWS - 1 - cut]


def compare(better, worse):
    """The difference of two rows, its interval over queries, and the verdict on the claim that `better` is better."""
    shared = [100 * (better.queries[query] - worse.queries[query]) for query in better.queries if query in worse.queries]
    difference = better.mean - worse.mean
    low, high = bootstrap(shared)
    spread = max(better.spread, worse.spread)
    if low > 0 and difference > spread:
        verdict = "holds"
    elif high < 0 and -difference > spread:
        verdict = "does not hold"
    else:
        verdict = "too close to tell"
    return difference, low, high, verdict


def write_page(study, questions, page, study_path):
    plots = page.parent / (page.stem + "-plots")
    benchmarks = list(study.plan["benchmarks"])
    lines = [f"# {study.plan['title']}", "", study.plan.get("text", "").strip(), "",
             *textwrap.wrap(
                 f"Written by `scripts/study {study_path}`: mAP in percent, the mean over seeds ± their standard deviation, and "
                 f"below it the {100 * CONFIDENCE:.0f} % interval over queries. A claim holds (or not) where the difference is "
                 "larger than the seeds' spread and its interval, query by query, does not contain zero.", WIDTH), ""]
    sections, findings = [], []
    for question, rows in questions:
        of_question, judged = section(question, rows, benchmarks, plots, page)
        sections += of_question
        findings += judged
    if findings:
        lines += ["## What holds", "", "| finding | " + " | ".join(benchmarks) + " |",
                  "|---|" + "---|" * len(benchmarks), *findings, ""]
    lines += sections
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n")


def section(question, rows, benchmarks, plots, page):
    figures = {row.name: {name: Figure(row, name) for name in benchmarks} for row in rows}
    shown = {row.name: figures[row.name] for row in rows if all(f.maps for f in figures[row.name].values())}
    lines = [f"## {question['title']}", "", question.get("text", "").strip(), ""]
    if not shown:
        return lines + ["Not run yet.", ""], []
    columns = [*benchmarks, *(f"ms a query, {name}" for name in benchmarks if question.get("cost"))]
    lines += ["| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for row in rows:
        cells = ["not run" for _ in columns]
        if row.name in shown:
            cells = [cell(shown[row.name][name]) for name in benchmarks]
            cells += [f"{shown[row.name][name].milliseconds:.2f}" for name in benchmarks if question.get("cost")]
        lines.append("| " + " | ".join([row.name, *cells]) + " |")
    plots.mkdir(parents=True, exist_ok=True)
    for name in benchmarks:
        plot = plots / f"{question['id']}-{name}.svg"
        plot.write_text(draw_rows([(label, f[name].mean, *f[name].interval()) for label, f in shown.items()], f"mAP, {name}"))
        lines += ["", f"![{question['title']}, {name}]({plot.relative_to(page.parent)})"]
    findings = claims(question, shown, benchmarks)
    if findings:
        lines += ["", "| finding | " + " | ".join(benchmarks) + " |", "|---|" + "---|" * len(benchmarks), *findings]
    evaluations = [row.steps(seed)[name] for row in rows for seed in row.seeds for name in benchmarks]
    return lines + ["", *commands(evaluations)], findings


def cell(figure):
    low, high = figure.interval()
    spread = f" ± {figure.spread:.2f}" if len(figure.maps) > 1 else ""
    return f"{figure.mean:.2f}{spread}{missing_seeds(figure)}<br>{low:.1f} to {high:.1f}"


def missing_seeds(*figures):
    """A note if a figure has fewer seeds than planned."""
    lacking = [figure for figure in figures if not figure.is_whole]
    if not lacking:
        return ""
    fewest = min(lacking, key=lambda figure: len(figure.maps))
    return f" ({len(fewest.maps)} of {fewest.seeds} seeds)"


def claims(question, shown, benchmarks):
    """A row of the table for each claim."""
    lines = []
    for claim in question.get("claim", []):
        if claim["better"] not in shown or claim["worse"] not in shown:
            continue
        cells = [f"{claim['says']} ({claim['source']})"]
        for name in benchmarks:
            better, worse = shown[claim["better"]][name], shown[claim["worse"]][name]
            difference, low, high, verdict = compare(better, worse)
            cells.append(f"**{verdict}**{missing_seeds(better, worse)}: {difference:+.2f} ({low:+.2f} to {high:+.2f})")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def commands(steps):
    """The commands of steps and of those that they depend on, each once."""
    lines = ["<details><summary>Commands</summary>", "", "```"]
    seen = set()

    def add(step):
        for before in step.on:
            add(before)
        record = step.result()
        if record and step.digest not in seen:
            seen.add(step.digest)
            lines.append(f"{' '.join(record['command'])}   # {record['commit']}")

    for step in steps:
        add(step)
    return lines + ["```", "", "</details>", ""]

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Opens the page that `vantage report` writes of a training run in a headless browser and checks what a reader sees.

run_report_test.py VANTAGE [SCREENSHOT_FOLDER]

The run's folder is made up here: the logs of a run of 12 epochs, with synthetic photos, one of which is
missing. Exit code 77: there is no Chromium."""
import json
import math
import os
import pathlib
import random
import sys
import tempfile
import unittest

from chromium import Chromium, check_widths_and_schemes, find_chromium
from report_test import HOSTILE, run

EPOCHS = 12
STEPS = 60  # an epoch
BEST = 9
PHASES = ('mining', 'data_wait', 'forward', 'backward', 'optimizer', 'validation', 'evaluation')


def csv(columns, lines):
    return '\n'.join([','.join(columns), *(','.join(map(str, line)) for line in lines)]) + '\n'


def write_metrics(folder):
    draw = random.Random(1)
    epochs = []
    for epoch in range(EPOCHS + 1):
        trained = epoch > 0
        seconds = [21, 2, 34, 48, 3, 16, 5 if epoch % 3 == 0 else 0] if trained else [0, 0, 0, 0, 0, 16, 5]
        epochs.append([epoch, 1e-6 * math.exp(-0.1 * epoch), 0.1 + 0.2 * math.exp(-epoch / 4) if trained else 'nan',
                       0.2 + 0.1 * math.exp(-epoch / 3) + 0.002 * (epoch - BEST) ** 2 / 9,
                       0.8 + 0.01 * epoch if trained else 'nan', 0.75 + 0.008 * epoch, 3 - 0.02 * epoch,
                       300 * trained, 2100 * trained, 1300 * trained, 24.5 if trained else 'nan', sum(seconds) + 1,
                       *seconds, 0.5 + 0.015 * epoch if epoch % 3 == 0 else 'nan', min(epoch, BEST)])
    (folder / 'metrics.csv').write_text(csv(
        ['epoch', 'learning_rate', 'train_loss', 'val_loss', 'train_negative_distance', 'val_negative_distance',
         'exponent', 'tuples', 'photos', 'photos_with_gradient', 'images_per_second', 'seconds',
         *(phase + '_seconds' for phase in PHASES), 'benchmark_score', 'best_epoch'], epochs))
    steps = []
    for step in range(1, EPOCHS * STEPS + 1):
        epoch = (step - 1) // STEPS + 1
        steps.append([step, epoch, (0.1 + 0.2 * math.exp(-step / 240)) * draw.uniform(0.5, 1.5),
                      1e-6 * math.exp(-0.1 * epoch), draw.uniform(3, 9), 5, 35, 35 - draw.randrange(25)])
    (folder / 'steps.csv').write_text(csv(
        ['step', 'epoch', 'loss', 'learning_rate', 'gradient_norm', 'tuples', 'photos', 'photos_with_gradient'], steps))


def write_examples(folder, photos):
    scenes = sorted({path.parent.name for path in photos})
    of_scene = {scene: [path for path in photos if path.parent.name == scene] for scene in scenes}
    root = os.path.commonpath([str(path.parent) for path in photos])
    photo = lambda path, **more: {'path': os.path.relpath(path, root), 'scene': path.parent.name, **more}
    for epoch in (1, 5, EPOCHS):
        draw = random.Random(epoch)
        examples = []
        for scene in scenes:
            others = [draw.choice(of_scene[other]) for other in scenes if other != scene]
            distances = sorted(draw.uniform(0.6, 0.7) + 0.02 * epoch for _ in others)
            examples.append({'query': photo(of_scene[scene][0]),
                             'positive': photo(of_scene[scene][1], distance=0.8 - 0.03 * epoch),
                             'negatives': [photo(path, distance=distance)
                                           for path, distance in zip(others, distances)]})
        path = folder / 'examples' / f'epoch-{epoch:04}.json'
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({'version': 1, 'epoch': epoch, 'photos': os.path.relpath(root, folder),
                                    'examples': examples}))


def make_run(vantage, folder):
    """Makes folder/run, and a folder of photos."""
    run(vantage, 'synthesize', '-o', folder / 'scenes', '--train-scenes', 5, '--val-scenes', 0, '--test-scenes', 0,
        '--distractor-photos', 0, '--scene-photos', 5, '--size', 160)
    photos = sorted((folder / 'scenes/train/photos').rglob('*.jpg'))
    hostile = photos[0].with_name(HOSTILE)
    photos[0].rename(hostile)
    photos[0] = hostile
    (folder / 'run').mkdir()
    write_metrics(folder / 'run')
    write_examples(folder / 'run', photos)
    photos[5].unlink()
    (folder / 'run/config.toml').write_text('# of a run <script>window.harm=4</script>\nepochs = 12\n')


class RunPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        make_run(cls.vantage, cls.folder)
        cls.summary = cls.report()
        cls.browser = Chromium(find_chromium())
        cls.addClassCleanup(cls.browser.__exit__)

    @classmethod
    def report(cls):
        return json.loads(run(cls.vantage, 'report', cls.folder / 'run', '-o', cls.folder / 'page.html', '--json',
                              '--log-level', 'off'))

    def setUp(self):
        self.browser.requests.clear()
        self.browser.errors.clear()
        self.browser.open((self.folder / 'page.html').as_uri())

    def js(self, expression):
        return self.browser.evaluate(expression)

    def test_loads_nothing_from_elsewhere_and_complains_of_nothing(self):
        self.assertEqual([url for url in self.browser.requests if not url.startswith(('file:', 'data:'))], [])
        self.assertEqual(self.browser.errors, [])
        self.assertIsNone(self.js('window.harm'))

    def test_summary_counts(self):
        self.assertEqual((self.summary['epochs'], self.summary['steps'], self.summary['queries']),
                         (EPOCHS + 1, EPOCHS * STEPS, 5))
        self.assertEqual(self.summary['notes'], [])
        self.assertEqual(len(self.summary['unreadable']), 1)

    def test_curves_lie_in_their_drawings(self):
        charts = self.js("[...document.querySelectorAll('.chart')].map(chart => chart.querySelector('h3').innerText)")
        self.assertEqual(len(charts), 9, charts)
        inside = self.js("[...document.querySelectorAll('.chart svg')].map(svg => { const box = svg.viewBox.baseVal;"
                         " return [...svg.querySelectorAll('g path, text')].every(part => { const b = part.getBBox();"
                         " return b.x >= 0 && b.x + b.width <= box.width && b.y >= 0 && b.y + b.height <= box.height;"
                         " }); })")
        self.assertEqual(inside, [True] * 9)
        # No label of an axis covers another.
        overlap = self.js("[...document.querySelectorAll('.chart svg')].flatMap(svg => {"
                          " const boxes = [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect());"
                          " return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => a.left < b.right && b.left <"
                          " a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2)); }).length")
        self.assertEqual(overlap, 0)

    def test_best_epoch_is_marked(self):
        # Between the dots of the epochs before and after it.
        mark, before, after = self.js(
            "(() => { const svg = document.querySelector('.chart svg'); const x = e => e.getBoundingClientRect().x;"
            " const dots = [...svg.querySelectorAll('.series-2 circle')];"
            f" return [x(svg.querySelector('path.best')), x(dots[{BEST - 1}]), x(dots[{BEST + 1}])]; }})()")
        self.assertTrue(before < mark < after)
        self.assertIn(f'best epoch is {BEST}', self.js("document.querySelector('#curves p').innerText"))

    def test_times_add_up(self):
        shares = self.js("[...document.querySelectorAll('.time td:nth-child(2)')].map(e => parseFloat(e.innerText))")
        self.assertEqual(len(shares), len(PHASES) + 1)
        self.assertAlmostEqual(sum(shares), 100, delta=0.5)
        widths = self.js("[...document.querySelectorAll('.time rect')].map(e => e.width.baseVal.value)")
        for share, width in zip(shares, widths):
            self.assertAlmostEqual(10 * share, width + 1.5, delta=1)

    def test_negatives_stand_side_by_side(self):
        self.assertEqual(self.js("document.querySelectorAll('article.example').length"), 5)
        titles = self.js("[...document.querySelector('article.example').querySelectorAll('.mined h4')]"
                         ".map(e => e.innerText)")
        self.assertEqual(titles, ['Epoch 1', f'Epoch {EPOCHS}'])
        left, right = self.js("[...document.querySelectorAll('article.example .mined')].slice(0, 2)"
                              ".map(e => e.getBoundingClientRect()).map(b => [b.top, b.left])")
        self.assertEqual(left[0], right[0])
        self.assertLess(left[1], right[1])
        # The positive's point moves from the right of the negatives to their left.
        points = self.js("[...document.querySelector('article.example').querySelectorAll('.distances')].map(e =>"
                         " [e.querySelector('.chosen').cx.baseVal.value,"
                         " e.querySelector('.negative').cx.baseVal.value])")
        self.assertGreater(*points[0])
        self.assertLess(*points[1])

    def test_photos_are_shown(self):
        self.assertEqual(self.js("[...document.images].filter(i => !i.complete || i.naturalWidth === 0).length"), 0)
        self.assertGreater(self.js("document.images.length"), 30)
        self.assertGreater(self.js("document.querySelectorAll('.missing').length"), 0)
        names = self.js("[...document.querySelectorAll('.name')].map(e => e.innerText)")
        self.assertIn(HOSTILE, names)

    def test_keys_go_from_query_to_query(self):
        self.browser.press('j')
        self.browser.press('j')
        self.assertEqual(self.js('document.activeElement.id'), 'query-2')

    def test_configuration_is_folded(self):
        self.assertFalse(self.js("document.querySelector('.configuration').open"))
        self.assertIn('epochs = 12', self.js("document.querySelector('.configuration pre').textContent"))

    def test_fits_phones_and_follows_light_and_dark(self):
        check_widths_and_schemes(self, 'run')

    def test_what_is_missing_or_damaged_is_told(self):
        steps = self.folder / 'run/steps.csv'
        example = self.folder / f'run/examples/epoch-{EPOCHS:04}.json'
        kept = {path: path.read_bytes() for path in (steps, example)}
        kept[self.folder / 'page.html'] = (self.folder / 'page.html').read_bytes()
        self.addCleanup(lambda: [path.write_bytes(content) for path, content in kept.items()])
        steps.write_text('step,loss\n1,0.5\n2,half\n')
        example.write_text('{')
        self.assertEqual(len(self.report()['notes']), 2)
        self.browser.open((self.folder / 'page.html').as_uri())
        notes = self.js("[...document.querySelectorAll('main > .note')].map(e => e.innerText)")
        self.assertIn('steps.csv:3: ', notes[0])
        self.assertIn(f'epoch-{EPOCHS:04}.json', notes[1])
        self.assertEqual(self.js("[...document.querySelectorAll('.mined h4')].filter(e => e.innerText !== 'Epoch 1')"
                                 ".length"), 0)


if __name__ == '__main__':
    if not find_chromium():
        print('skipped: needs chromium (scripts/setup)')
        sys.exit(77)
    RunPage.vantage = os.path.abspath(sys.argv[1])
    RunPage.screenshots = sys.argv[2] if len(sys.argv) > 2 else None
    unittest.main(argv=sys.argv[:1], verbosity=2)

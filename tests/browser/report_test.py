#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Opens a page of `vantage report` in a headless browser and checks what a reader sees.

report_test.py VANTAGE WEIGHTS [SCREENSHOT_FOLDER]

The page is made by the program VANTAGE from synthetic photos, one of which is missing, one damaged, and one has a
hostile name. WEIGHTS: of EfficientNet-Lite0; without them the page has no negatives. Exit code 77: there is
no Chromium."""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from chromium import Chromium, check_widths_and_schemes, find_chromium

HOSTILE = '0" onerror="window.harm=1"><img src=q onerror="window.harm=2"><script>window.harm=3<script>&amp;.jpg'


def run(vantage, *arguments):
    result = subprocess.run([vantage, *map(str, arguments)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f'vantage {arguments[0]} failed: {result.stderr}')
    return result.stdout


def make_page(vantage, weights, folder):
    """Writes folder/page.html. Returns the output of `vantage report --json`."""
    scenes = folder / 'scenes'
    run(vantage, 'synthesize', '-o', scenes, '--train-scenes', 3, '--val-scenes', 2, '--test-scenes', 0,
        '--distractor-photos', 0, '--scene-photos', 6, '--size', 160)
    for kind in ('models', 'photos'):
        for scene in (scenes / 'val' / kind).iterdir():
            scene.rename(scenes / 'train' / kind / ('val-' + scene.name))
    run(vantage, 'tuples', scenes / 'train/models', '--photos', scenes / 'train/photos', '-o', folder / 'set.db',
        '--query-fraction', 1, '--val-fraction', 0.4)
    with sqlite3.connect(folder / 'set.db') as database:
        paths = [path for (path,) in database.execute(
            'SELECT path FROM images WHERE id IN (SELECT image FROM queries) ORDER BY id LIMIT 3')]
        (folder / paths[0]).unlink()
        damaged = folder / paths[1]
        damaged.write_bytes(damaged.read_bytes()[:damaged.stat().st_size // 2])
        hostile = pathlib.Path(paths[2]).with_name(HOSTILE)
        (folder / paths[2]).rename(folder / hostile)
        database.execute('UPDATE images SET path = ? WHERE path = ?', (str(hostile), paths[2]))
        database.execute('UPDATE scenes SET name = ? WHERE id = 0', ('<b>' + HOSTILE,))
    model = ()
    if weights.exists():
        run(vantage, 'convert', weights, folder / 'model.pth', '--architecture', 'efficientnet_lite0')
        model = ('--model', folder / 'model.pth')
    else:
        print(f'without negatives: needs {weights} (scripts/setup)')
    return json.loads(run(vantage, 'report', folder / 'set.db', '-o', folder / 'page.html', '--json', '--log-level',
                          'off', *model))


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        folder = pathlib.Path(cls.folder.name)
        cls.summary = make_page(cls.vantage, cls.weights, folder)
        cls.browser = Chromium(find_chromium())
        cls.addClassCleanup(cls.browser.__exit__)
        cls.url = (folder / 'page.html').as_uri()

    def setUp(self):
        self.browser.requests.clear()
        self.browser.errors.clear()
        self.browser.open(self.url)

    def tearDown(self):
        self.assertEqual(self.browser.errors, [])

    def js(self, expression):
        return self.browser.evaluate(expression)

    def visible(self, selector):
        return self.js(f"[...document.querySelectorAll('{selector}')].filter(e => e.offsetParent !== null).length")

    def choose(self, selector, value):
        self.js(f"(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('change', {{bubbles: true}})); }})"
                f"(document.querySelector('{selector}'))")

    def test_every_image_is_there_and_was_stored_once(self):
        images = self.js("Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth, () => 0)))")
        self.assertGreater(len(images), 100)
        self.assertEqual([width for width in images if not 16 <= width <= 200], [])
        self.assertEqual(self.js("document.querySelectorAll('img[id]').length"), self.summary['photos'] - 2)
        text = pathlib.Path(self.folder.name, 'page.html').read_text(encoding='utf-8')
        self.assertEqual(text.count('src="data:image/jpeg'), self.summary['photos'] - 2)

    def test_nothing_is_loaded_from_elsewhere(self):
        others = {url for url in self.browser.requests if not url.startswith('data:')}
        self.assertEqual(others, {self.url})

    def test_unreadable_photos_say_why(self):
        self.assertEqual(len(self.summary['unreadable']), 2)
        reasons = self.js("[...new Set([...document.querySelectorAll('.missing')].map(e => e.innerText))].sort()")
        self.assertEqual(len(reasons), 2)
        self.assertEqual(reasons[0], 'no such file')
        self.assertRegex(reasons[1], '^truncated JPEG')
        self.assertEqual(self.js("document.querySelectorAll('#unreadable li').length"), 2)

    def test_names_are_text(self):
        self.assertIsNone(self.js('window.harm'))
        self.assertEqual(self.js("document.querySelectorAll('img:not([alt]), img[onerror], body script + script').length"), 0)
        names = self.js("[...document.querySelectorAll('.query .name')].map(e => e.innerText)")
        self.assertIn(HOSTILE, names)
        self.assertIn('<b>' + HOSTILE, self.js("[...document.querySelectorAll('.scene h3')].map(e => e.innerText)"))

    def test_filter_shows_what_is_chosen(self):
        self.assertEqual(self.visible('article.query'), self.summary['queries'])
        self.assertEqual(self.visible('.scene'), 5)
        self.js("document.querySelector('input[value=val]').click()")
        self.assertEqual(self.visible('.scene'), 2)
        self.assertEqual(self.visible('article.query[data-split=train]'), 0)
        queries = self.visible('article.query[data-split=val]')
        self.assertGreater(queries, 0)
        self.assertEqual(self.js("document.querySelector('#shown').value"), f'{queries} queries')
        self.js("document.querySelector('input[value=all]').click()")
        self.choose('#scene', 1)
        self.assertEqual(self.visible('.scene'), 1)
        self.assertEqual(self.visible('article.query'), self.visible('article.query[data-scene="1"]'))
        # A scene of the other split cannot stay chosen.
        other = self.js("document.querySelector('#scene').selectedOptions[0].dataset.split === 'train' ? 'val' : 'train'")
        self.js(f"document.querySelector('input[value={other}]').click()")
        self.assertEqual(self.js("document.querySelector('#scene').value"), '')
        self.assertGreater(self.visible('article.query'), 0)

    def test_order_sorts(self):
        self.choose('#order', 'candidates')
        counts = self.js("[...document.querySelectorAll('article.query')].map(e => Number(e.dataset.candidates))")
        self.assertEqual(counts, sorted(counts))
        self.choose('#order', 'number')
        numbers = self.js("[...document.querySelectorAll('article.query')].map(e => Number(e.dataset.number))")
        self.assertEqual(numbers, list(range(1, self.summary['queries'] + 1)))

    def test_keys_go_from_query_to_query(self):
        focus = lambda: self.js('document.activeElement.id')
        self.browser.press('j')
        self.assertEqual(focus(), 'query-1')
        self.browser.press('j')
        self.assertEqual(focus(), 'query-2')
        top = self.js('document.activeElement.getBoundingClientRect().top')
        self.assertTrue(0 <= top < 200, top)
        self.browser.press('k')
        self.assertEqual(focus(), 'query-1')

    def test_histograms_are_drawn(self):
        drawn = self.js("[...document.querySelectorAll('.histogram svg')].map(svg => { const box = svg.viewBox.baseVal;"
                        " return [...svg.querySelectorAll('rect')].every(bar => { const b = bar.getBBox(); return b.width > 0"
                        " && b.height > 0 && b.x >= 0 && b.x + b.width <= box.width && b.y >= 0; }); })")
        self.assertEqual(drawn, [True] * (6 if self.summary['negatives'] else 5))

    def test_negatives_are_of_other_scenes(self):
        if not self.summary['negatives']:
            self.assertEqual(self.visible('.photo.negative'), 0)
            self.assertIn('--model', self.js("document.querySelector('.note').innerText"))
            return
        self.assertGreater(self.visible('.photo.negative'), 20)
        distances = self.js("[...document.querySelectorAll('.photo.negative .facts span:first-child')].map(e => e.innerText)")
        for distance in distances:
            self.assertRegex(distance, r'^distance [01]\.\d{3}$')

    def test_positive_and_negatives_lie_on_one_scale(self):
        if not self.summary['negatives']:
            return
        # For each card: the distance next to the photo, and the position of its point.
        positives = self.js("[...document.querySelectorAll('article.query')].filter(e => e.querySelector('.distances')).map("
                            "e => [e.querySelector('.photo.chosen .facts').innerText, e.querySelector('circle.chosen').cx"
                            ".baseVal.value])")
        negatives = self.js("[...document.querySelectorAll('article.query')].filter(e => e.querySelector('.distances')).map("
                            "e => [e.querySelector('.photo.negative .facts').innerText, e.querySelector('circle.negative')"
                            ".cx.baseVal.value])")
        self.assertGreater(len(positives), 3)
        points = [(float(text.split()[1]), x) for text, x in positives + negatives]
        (low, left), (high, right) = min(points), max(points)
        self.assertLess(low, high)
        for distance, x in points:
            self.assertAlmostEqual(x, left + (distance - low) / (high - low) * (right - left), delta=1)

    def test_borders_say_what_a_photo_is(self):
        color = lambda kind: self.js(f"getComputedStyle(document.querySelector('.photo.{kind} .frame')).borderTopColor")
        red, green, blue = map(int, color('chosen')[4:-1].split(', '))
        self.assertGreater(green, red + 50)
        self.assertGreater(green, blue + 50)
        red, green, blue = map(int, color('candidate')[4:-1].split(', '))
        self.assertLess(max(red, green, blue) - min(red, green, blue), 30)
        if self.summary['negatives']:
            red, green, blue = map(int, color('negative')[4:-1].split(', '))
            self.assertGreater(red, max(green, blue) + 100)

    def test_fits_phones_and_follows_light_and_dark(self):
        check_widths_and_schemes(self, 'report')


if __name__ == '__main__':
    if not find_chromium():
        print('skipped: needs chromium (scripts/setup)')
        sys.exit(77)
    ReportPage.vantage = os.path.abspath(sys.argv[1])
    ReportPage.weights = pathlib.Path(sys.argv[2])
    ReportPage.screenshots = sys.argv[3] if len(sys.argv) > 3 else None
    unittest.main(argv=sys.argv[:1], verbosity=2)

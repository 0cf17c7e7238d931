#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Opens the page that `vantage evaluate --report` writes in a headless browser and checks what a reader sees.

evaluation_report_test.py VANTAGE [WEIGHTS [SCREENSHOT_FOLDER]]

The photos are synthetic, one of them with a hostile name. The descriptors are made up here, so no weights are
needed. Exit code 77: there is no Chromium."""
import json
import math
import os
import pathlib
import random
import struct
import sys
import tempfile
import unittest

from chromium import Chromium, check_widths_and_schemes, find_chromium
from report_test import HOSTILE, run

SCENES = 4
PHOTOS = 6  # of each


def write_descriptors(path, names, rows):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    values = b''.join(struct.pack(f'<{len(row)}f', *row) for row in rows)
    path.with_suffix('.npy').write_bytes(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + values)
    path.with_suffix('.json').write_text(json.dumps({'names': names, 'failed': [], 'provenance': {}}))


def unit(row):
    length = math.sqrt(sum(value * value for value in row))
    return [value / length for value in row]


def make_page(vantage, folder):
    """Writes folder/page.html of two runs. Returns the output of `vantage evaluate --json`."""
    run(vantage, 'synthesize', '-o', folder / 'scenes', '--train-scenes', SCENES, '--val-scenes', 0, '--test-scenes', 0,
        '--distractor-photos', 0, '--scene-photos', PHOTOS, '--size', 160)
    data = folder / 'scenes/train/photos'
    photos = sorted(data.rglob('*.jpg'))
    photos[1].rename(photos[1].with_name(HOSTILE))
    photos[1] = photos[1].with_name(HOSTILE)
    draw = random.Random(3)
    scenes = sorted({photo.parent for photo in photos})
    rows = [unit([3 * (photo.parent == scene) + draw.gauss(0, 1) for scene in scenes] +
                 [draw.gauss(0, 1) for _ in range(8)]) for photo in photos]
    names = [photo.relative_to(data).as_posix() for photo in photos]
    write_descriptors(folder / 'database', names, rows)
    asked = [index for index in range(len(photos)) if index % 2 == 0]
    write_descriptors(folder / 'queries', [names[i] for i in asked], [rows[i] for i in asked])
    queries = []
    for i in asked:
        same = [j for j, photo in enumerate(photos) if photo.parent == photos[i].parent and j != i]
        queries.append({'query': names[i], 'bbx': [10, 10, 90, 70], 'ok': [names[j] for j in same[1:]],
                        'junk': [names[i], names[same[0]]]})
    (data / 'queries.json').write_text(json.dumps(queries))
    evaluate = ['evaluate', folder / 'database.npy', '--queries', folder / 'queries.npy', '--data', data]
    run(vantage, *evaluate, '--stage', 'aqe', '--save-results', folder / 'other.json')
    return json.loads(run(vantage, *evaluate, '--compare', folder / 'other.json', '--report-changed', 3, '--report', folder / 'page.html', '--report-worst', 4, '--report-best', 2, '--report-results', 9,
                          '--json', '--log-level', 'off'))


class EvaluationPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.summary = make_page(cls.vantage, cls.folder)
        cls.browser = Chromium(find_chromium())
        cls.addClassCleanup(cls.browser.__exit__)

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

    def test_figures_are_those_of_the_command(self):
        tiles = self.js("[...document.querySelectorAll('.tile')].map(e => [e.querySelector('span').innerText,"
                        " e.querySelector('b').innerText])")
        self.assertEqual(dict(tiles)['mAP'], f"{100 * self.summary['map']:.2f}")
        self.assertIn('mP@10', dict(tiles))

    def test_bars_rise_and_lead_to_the_queries_shown(self):
        heights = self.js("[...document.querySelectorAll('.precisions rect')].map(e => e.height.baseVal.value)")
        self.assertEqual(len(heights), SCENES * PHOTOS // 2)
        self.assertEqual(heights, sorted(heights))
        links = self.js("[...document.querySelectorAll('.precisions a')].map(e => e.getAttribute('href'))")
        shown = self.js("document.querySelectorAll('article.query').length")
        self.assertEqual(links, [f'#query-{i}' for i in range(1, shown + 1)])

    def test_curves_fall_from_all_to_some_precision(self):
        paths = self.js("[...document.querySelectorAll('#curves g path')].map(e => e.getAttribute('d'))")
        self.assertEqual(len(paths), 2)  # of both runs
        for path in paths:
            heights = [float(point.split()[1]) for point in path[1:].split('L')]
            self.assertEqual(len(heights), 101)
            self.assertEqual(heights, sorted(heights))
        sketches = self.js("[...document.querySelectorAll('article.query')].map(e =>"
                           " e.querySelectorAll('.sketch path:not(.axis)').length)")
        self.assertEqual(set(sketches), {2})

    def test_two_runs_stand_side_by_side(self):
        rows = self.js("[...document.querySelectorAll('.figures tbody tr')].map(e => e.innerText)")
        comparison = self.summary['comparison']['all']
        self.assertEqual(len(rows), 4)  # mAP, mP@1, mP@5, mP@10
        self.assertIn(f"{100 * comparison['mean_difference']:+.2f}", rows[0])
        self.assertIn(f"p = {comparison['p_value']:.4f}", rows[0])
        self.assertEqual(self.js("document.querySelectorAll('.precisions .other').length"), SCENES * PHOTOS // 2)
        headings = self.js("[...document.querySelectorAll('article.query')].map(e => [...e.querySelectorAll("
                           "'.matches h4 .key')].map(key => key.textContent))")
        for keys in headings:
            self.assertEqual(keys[0], 'this run')
            self.assertTrue(keys[1].endswith('other.json'), keys)
        self.js("document.querySelector('input[value=changed]').click()")
        changes = self.js("[...document.querySelectorAll('article.query')].filter(e => !e.hidden).map(e =>"
                          " parseFloat(e.querySelector('.change').textContent))")
        everywhere = self.js("[...document.querySelectorAll('article.query .change')].map(e => parseFloat(e.textContent))")
        self.assertEqual(len(changes), 3)
        self.assertEqual(sorted(map(abs, changes)), sorted(map(abs, everywhere))[-3:])
        self.js("(() => { const order = document.querySelector('#order'); order.value = 'lost';"
                " order.dispatchEvent(new Event('change')); })()")
        ordered = self.js("[...document.querySelectorAll('article.query .change')].map(e => parseFloat(e.textContent))")
        self.assertEqual(ordered, sorted(ordered))

    def test_frames_say_what_is_right(self):
        colors = self.js("['chosen', 'negative', 'candidate'].map(kind => getComputedStyle(document.querySelector("
                         "`.photo.${kind} .frame`)).borderTopColor)")
        self.assertEqual(len(set(colors)), 3)
        shown = self.js("[...document.querySelectorAll('article.query')].map(e =>"
                        " e.querySelectorAll('.matches .photo').length)")
        self.assertEqual(set(shown), {18})  # 9 of each run
        # The best queries have more right results than the worst.
        right = self.js("['worst', 'best'].map(end => { const cards = [...document.querySelectorAll("
                        "`article[data-split~=${end}]`)]; return cards.reduce((sum, card) => sum +"
                        " card.querySelectorAll('.photo.chosen').length, 0) / cards.length; })")
        self.assertLess(*right)

    def test_photos_are_shown(self):
        self.assertEqual(self.js("[...document.images].filter(i => !i.complete || i.naturalWidth === 0).length"), 0)
        self.assertGreaterEqual(self.js("document.images.length"), 60)
        self.assertIn(HOSTILE, self.js("[...document.querySelectorAll('.name')].map(e => e.textContent)"))

    def test_filter_and_order(self):
        self.js("document.querySelector('input[value=best]').click()")
        self.assertEqual(self.js("[...document.querySelectorAll('article.query')].filter(e => !e.hidden).length"), 2)
        self.assertEqual(self.js("document.querySelector('#shown').value"), '2 queries')
        self.js("document.querySelector('input[value=all]').click()")
        self.js("(() => { const order = document.querySelector('#order'); order.value = 'highest';"
                " order.dispatchEvent(new Event('change')); })()")
        precisions = self.js("[...document.querySelectorAll('article.query h3')].map(e => parseFloat("
                             "e.textContent.slice(3)))")
        self.assertEqual(precisions, sorted(precisions, reverse=True))

    def test_keys_go_from_query_to_query(self):
        self.browser.press('j')
        self.browser.press('j')
        self.assertEqual(self.js('document.activeElement.id'), 'query-2')

    def test_fits_phones_and_follows_light_and_dark(self):
        check_widths_and_schemes(self, 'evaluation')


if __name__ == '__main__':
    if not find_chromium():
        print('skipped: needs chromium (scripts/setup)')
        sys.exit(77)
    EvaluationPage.vantage = os.path.abspath(sys.argv[1])
    EvaluationPage.screenshots = sys.argv[3] if len(sys.argv) > 3 else None
    unittest.main(argv=sys.argv[:1], verbosity=2)

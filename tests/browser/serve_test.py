#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs `vantage serve`, asks it as programs, hostile clients and a browser do, and compares with `vantage search`.

serve_test.py VANTAGE WEIGHTS [SCREENSHOT_FOLDER]

WEIGHTS: of EfficientNet-Lite0. Exit code 77: there are no weights, or vantage was built without an HTTP server."""
import concurrent.futures
import csv
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from chromium import Chromium, check_widths_and_schemes, find_chromium

HOSTILE = '0" onerror="window.harm=1"><img src=q onerror="window.harm=2"><script>window.harm=3<script>&amp;.jpg'
NAMES = [HOSTILE, 'a b+c%2F?#ü.jpg', '…/日本.jpg']


def run(vantage, *arguments):
    result = subprocess.run([vantage, *map(str, arguments)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f'vantage {arguments[0]} failed: {result.stderr}')
    return result.stdout


class Server:
    """A running `vantage serve`."""

    def __init__(self, vantage, folder, *options):
        self.process = subprocess.Popen([vantage, 'serve', 'model.pth', 'database.npy', '--photos', 'photos', '--port', '0',
                                         '--threads', '2', *options], cwd=folder, stderr=subprocess.PIPE, text=True)
        self.head = ''
        for line in self.process.stderr:
            self.head += line
            found = re.search(r'http://(.*):(\d+)/', line)
            if found:
                self.host, self.port = found[1].strip('[]'), int(found[2])
                return
        raise RuntimeError(self.head)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        _, rest = self.process.communicate(timeout=60)
        return self.process.returncode, rest

    def ask(self, method, target, body=None, headers=(), timeout=60):
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, method, target, body=None, headers=()):
        status, _, text = self.ask(method, target, body, headers)
        return status, json.loads(text)

    def raw(self, request, timeout=60):
        """What the server sends until it closes."""
        with socket.create_connection(('127.0.0.1', self.port), timeout) as client:
            try:
                client.sendall(request)
            except OSError:  # it closed first
                pass
            answer = b''
            try:
                while data := client.recv(1 << 16):
                    answer += data
            except ConnectionResetError:
                pass
            return answer


def setUpModule():
    global FOLDER, SERVER, DESCRIBED
    temporary = tempfile.TemporaryDirectory(prefix='serve-')
    unittest.addModuleCleanup(temporary.cleanup)
    FOLDER = pathlib.Path(temporary.name)
    run(VANTAGE, 'synthesize', '-o', FOLDER / 'made', '--train-scenes', 6, '--val-scenes', 0, '--test-scenes', 0,
        '--distractor-photos', 0, '--scene-photos', 6, '--size', 320)
    photos = FOLDER / 'photos'
    (FOLDER / 'made/train/photos').rename(photos)
    for name, photo in zip(NAMES, sorted(photos.rglob('*.jpg'))):
        (photos / name).parent.mkdir(exist_ok=True)
        photo.rename(photos / name)
    outside = max(photo for photo in photos.rglob('*.jpg') if str(photo.relative_to(photos)) not in NAMES)
    shutil.move(outside, FOLDER / 'outside.jpg')
    outside.symlink_to(FOLDER / 'outside.jpg')
    globals()['OUTSIDE'] = str(outside.relative_to(photos))
    run(VANTAGE, 'convert', WEIGHTS, FOLDER / 'model.pth', '--architecture', 'efficientnet_lite0')
    run(VANTAGE, 'extract', FOLDER / 'model.pth', photos, '-o', FOLDER / 'database')
    DESCRIBED = json.loads((FOLDER / 'database.json').read_text())['names']
    SERVER = Server(VANTAGE, FOLDER, '--max-upload', '1', '--max-pixels', '1', '--timeout', '3')
    unittest.addModuleCleanup(lambda: SERVER.process.kill() or SERVER.process.communicate())


def ranks(*options):
    """What vantage search finds: {query: [(name, score)]}."""
    run(VANTAGE, 'search', FOLDER / 'database.npy', '-k', 5, '-o', FOLDER / 'ranks.csv', '--overwrite', *options)
    found = {}
    with open(FOLDER / 'ranks.csv', newline='', encoding='utf-8') as file:
        for row in csv.DictReader(file):
            found.setdefault(row['query'], []).append((row['name'], float(row['score'])))
    return found


class Searching(unittest.TestCase):
    def check_same(self, answer, expected):
        self.assertEqual([r['name'] for r in answer['results']], [name for name, _ in expected])
        for result, (_, score) in zip(answer['results'], expected):
            self.assertAlmostEqual(result['score'], score, delta=1e-4)
        self.assertGreater(answer['milliseconds'], 0)

    def test_a_sent_photo_is_searched_as_vantage_search_does(self):
        query = FOLDER / 'photos' / DESCRIBED[4]
        (FOLDER / 'query').mkdir()
        shutil.copy(query, FOLDER / 'query/query.jpg')
        run(VANTAGE, 'extract', FOLDER / 'model.pth', FOLDER / 'query', '-o', FOLDER / 'queries')
        expected = ranks('--queries', FOLDER / 'queries.npy')['query.jpg']
        status, answer = SERVER.json('POST', '/search?k=5', query.read_bytes())
        self.assertEqual(status, 200)
        self.check_same(answer, expected)
        self.assertEqual(answer['results'][0]['name'], DESCRIBED[4])

    def test_a_photo_of_the_database_is_searched_as_vantage_search_does(self):
        expected = ranks()
        for name in [*NAMES, DESCRIBED[7]]:
            status, answer = SERVER.json('GET', '/search?k=5&' + urllib.parse.urlencode({'name': name}))
            self.assertEqual(status, 200)
            self.check_same(answer, expected[name])
            self.assertEqual(answer['query']['name'], name)

    def test_stages_apply_with_local_features_of_sent_photos_too(self):
        for stage in ('alpha_qe:neighbors=3', 'local:top=10'):
            server = Server(VANTAGE, FOLDER, '--stage', stage)
            self.addCleanup(server.process.stderr.close)
            self.addCleanup(server.process.wait)
            self.addCleanup(server.process.kill)
            photos = ('--photos', FOLDER / 'photos') if stage.startswith('local') else ()
            expected = ranks('--stage', stage, *photos)[DESCRIBED[7]]
            _, answer = server.json('GET', '/search?k=5&' + urllib.parse.urlencode({'name': DESCRIBED[7]}))
            self.check_same(answer, expected)
            status, answer = server.json('POST', '/search?k=5', (FOLDER / 'photos' / DESCRIBED[7]).read_bytes())
            self.assertEqual(status, 200, answer)
            self.assertEqual(answer['results'][0]['name'], DESCRIBED[7])

    def test_ten_at_once_get_what_one_gets(self):
        names = [DESCRIBED[i % 4 + 3] for i in range(10)]
        bodies = [(FOLDER / 'photos' / name).read_bytes() for name in names]
        alone = [SERVER.json('POST', '/search?k=8', body)[1]['results'] for body in bodies[:4]]
        with concurrent.futures.ThreadPoolExecutor(10) as threads:
            together = list(threads.map(lambda body: SERVER.json('POST', '/search?k=8', body), bodies))
        for i, (status, answer) in enumerate(together):
            self.assertEqual(status, 200)
            self.assertEqual(answer['results'], alone[i % 4])

    def test_info_names_the_database(self):
        status, info = SERVER.json('GET', '/info')
        self.assertEqual((status, info['photos'], info['dimension'], info['model'], info['max_upload']),
                         (200, len(DESCRIBED), 1280, 'model.pth', 1 << 20))

    def test_descriptors_of_another_model_are_refused(self):
        shutil.copy(FOLDER / 'database.npy', FOLDER / 'other.npy')
        facts = json.loads((FOLDER / 'database.json').read_text())
        facts['provenance']['model_sha256'] = 64 * 'a'
        (FOLDER / 'other.json').write_text(json.dumps(facts))
        done = subprocess.run([VANTAGE, 'serve', 'model.pth', 'other.npy', '--photos', 'photos', '--port', '0'], cwd=FOLDER,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('their models differ', done.stderr)


class Photos(unittest.TestCase):
    def size_of(self, jpeg):
        place = 2
        while jpeg[place + 1] not in (0xC0, 0xC1, 0xC2):
            place += 2 + struct.unpack('>H', jpeg[place + 2:place + 4])[0]
        height, width = struct.unpack('>HH', jpeg[place + 5:place + 9])
        return width, height

    def test_names_of_any_characters_are_found(self):
        for name in NAMES:
            for kind in ('/photo/', '/thumbnail/'):
                status, headers, jpeg = SERVER.ask('GET', kind + urllib.parse.quote(name))
                self.assertEqual((status, headers['Content-Type'], jpeg[:2]), (200, 'image/jpeg', b'\xff\xd8'), name)
                self.assertEqual(max(self.size_of(jpeg)), 320)

    def test_no_path_leaves_the_folder(self):
        (FOLDER / 'secret.jpg').write_bytes((FOLDER / 'photos' / DESCRIBED[5]).read_bytes())
        paths = ['../secret.jpg', '..%2fsecret.jpg', '%2e%2e/secret.jpg', '%2e%2e%2fsecret.jpg', '..%5csecret.jpg',
                 str(FOLDER / 'secret.jpg'), urllib.parse.quote(str(FOLDER / 'secret.jpg'), safe=''), '/etc/passwd',
                 '../../../../../../etc/passwd', '%2fetc%2fpasswd', DESCRIBED[5] + '/../../secret.jpg',
                 urllib.parse.quote(DESCRIBED[5]) + '%00', '..', '.', '']
        for path in paths:
            for kind in ('/photo/', '/thumbnail/'):
                answer = SERVER.raw(f'GET {kind}{path} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
                self.assertRegex(answer, rb'^HTTP/1.1 40[034] ', path)
                self.assertNotIn(b'root:', answer)
                self.assertNotIn(b'\xff\xd8\xff', answer)

    def test_a_link_that_leaves_the_folder_is_refused(self):
        for kind in ('/photo/', '/thumbnail/'):
            status, answer = SERVER.json('GET', kind + urllib.parse.quote(OUTSIDE))
            self.assertEqual(status, 403)
            self.assertEqual(answer['error'], 'its file is not in the folder of the photos')


class BadRequests(unittest.TestCase):
    def tearDown(self):
        self.assertEqual(SERVER.json('GET', '/info')[0], 200)  # it still serves

    def check_error(self, status, said, method, target, body=None, headers=()):
        got, answer = SERVER.json(method, target, body, headers)
        self.assertEqual(got, status, answer)
        self.assertRegex(answer['error'], said)

    def test_what_is_no_photo_is_refused(self):
        photo = (FOLDER / 'photos' / DESCRIBED[4]).read_bytes()
        self.check_error(400, 'empty', 'POST', '/search', b'')
        self.check_error(400, 'the photo: ', 'POST', '/search', b'garbage')
        self.check_error(400, 'truncated', 'POST', '/search', photo[:len(photo) // 2])
        self.check_error(415, 'not a form', 'POST', '/search', b'--x\r\n\r\n--x--',
                         {'Content-Type': 'multipart/form-data; boundary=x'})
        self.check_error(415, 'Content-Encoding', 'POST', '/search', photo, {'Content-Encoding': 'gzip'})
        # 4 billion pixels in 70 bytes
        head = struct.pack('>IIBBBBB', 65000, 65000, 8, 2, 0, 0, 0)
        self.check_error(400, 'the photo: ', 'POST', '/search',
                         b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR' + head + b'\0\0\0\0' + bytes(40))

    def test_what_is_too_large_is_refused(self):
        self.check_error(413, 'larger than 1 MB', 'POST', '/search', bytes((1 << 20) + 1))
        self.check_error(413, 'larger than 1 MB', 'POST', '/search', bytes(40 << 20))
        self.check_error(413, 'larger than 1 MB', 'POST', '/search', iter([bytes(1 << 19)] * 4))  # in chunks
        self.assertRegex(SERVER.raw(b'POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n'),
                         b'^HTTP/1.1 413 ')
        self.assertRegex(SERVER.raw(b'GET /' + b'a' * 9000 + b' HTTP/1.1\r\nHost: localhost\r\n\r\n'), b'^HTTP/1.1 414 ')
        self.assertRegex(SERVER.raw(b'GET / HTTP/1.1\r\nHost: localhost\r\n' + b'A: b\r\n' * 100000 + b'\r\n'),
                         b'^HTTP/1.1 400 ')
        ranges = b'0-,' * 2700 + b'0-'
        answer = SERVER.raw(b'GET /info HTTP/1.1\r\nHost: localhost\r\nRange: bytes=' + ranges + b'\r\n\r\n')
        self.assertLess(len(answer), 4096)

    def test_malformed_requests_are_refused(self):
        for request in (b'\r\n', b'\0\xff\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n',
                        b'NONE / HTTP/1.1\r\nHost: localhost\r\n\r\n'):
            self.assertNotRegex(SERVER.raw(request), b'^HTTP/1.1 2.. ', request)
        for length in (b'-1', b'x', b'1e3', b'0x10'):
            answer = SERVER.raw(b'POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: ' + length + b'\r\n\r\n')
            self.assertRegex(answer, b'^HTTP/1.1 400 ', length)
        chunked = b'POST /search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
        for body in (b'zz\r\n', b'ffffffffffffffff\r\n', b'5\r\nab\r\n0\r\n\r\n'):
            self.assertNotRegex(SERVER.raw(chunked + body), b'^HTTP/1.1 2.. ', body)

    def test_unknown_routes_methods_and_numbers_are_refused(self):
        self.check_error(404, 'no such page', 'GET', '/none')
        self.check_error(404, 'no photo of the database', 'GET', '/search?name=none.jpg')
        self.check_error(400, 'name=', 'GET', '/search')
        for k in ('0', '-1', '1001', 'x', '9' * 40):
            self.check_error(400, 'k: ', 'GET', '/search?name=none.jpg&k=' + k)
        for method in ('PUT', 'DELETE', 'OPTIONS', 'PATCH'):
            self.check_error(405, 'not allowed', method, '/search')
        self.check_error(405, 'not allowed', 'POST', '/')
        status, headers, body = SERVER.ask('HEAD', '/')
        self.assertEqual((status, body), (200, b''))
        self.assertGreater(int(headers['Content-Length']), 1000)

    def test_other_sites_are_refused(self):
        for host in ('evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', '[::2]', ''):
            self.check_error(403, 'Host', 'GET', '/info', headers={'Host': host})
        for host in ('localhost', 'LOCALHOST:1', '127.0.0.1:8080', '[::1]:8080'):
            self.assertEqual(SERVER.ask('GET', '/info', headers={'Host': host})[0], 200)
        self.check_error(403, 'other sites', 'GET', '/info', headers={'Sec-Fetch-Site': 'cross-site'})
        self.assertEqual(SERVER.ask('GET', '/', headers={'Sec-Fetch-Site': 'cross-site'})[0], 200)  # a link to the page
        status, headers, _ = SERVER.ask('GET', '/info')
        self.assertNotIn('Access-Control-Allow-Origin', headers)
        self.assertEqual(headers['Cross-Origin-Resource-Policy'], 'same-origin')
        self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
        self.assertIn("default-src 'none'", headers['Content-Security-Policy'])

    def test_slow_clients_are_dropped_while_others_are_served(self):
        starts = (b'', b'GET /', b'GET / HTTP/1.1\r\nHost: localhost\r\n',
                  b'POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n12')
        start = time.monotonic()
        clients = [socket.create_connection(('127.0.0.1', SERVER.port), 60) for _ in range(20)]
        for i, client in enumerate(clients):
            client.sendall(starts[i % len(starts)])
        self.assertEqual(SERVER.json('POST', '/search', (FOLDER / 'photos' / DESCRIBED[4]).read_bytes())[0], 200)
        ends = {}
        while len(ends) < len(clients) and time.monotonic() < start + 60:
            time.sleep(0.2)
            for client in set(clients) - set(ends):
                try:
                    client.sendall(b'x')  # a byte now and then prolongs nothing
                    client.setblocking(False)
                    ended = client.recv(4096) == b''
                except BlockingIOError:
                    ended = False
                except OSError:
                    ended = True
                client.setblocking(True)
                if ended:
                    ends[client] = time.monotonic() - start
        for client in clients:
            client.close()
        self.assertEqual(len(ends), len(clients))
        self.assertGreater(min(ends.values()), 2)  # --timeout 3


class Listening(unittest.TestCase):
    def start(self, *options):
        server = Server(VANTAGE, FOLDER, *options)
        self.addCleanup(server.process.stderr.close)
        self.addCleanup(server.process.wait)
        self.addCleanup(server.process.kill)
        return server

    def test_only_this_machine_can_connect_unless_told(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(('192.0.2.1', 9))  # sends nothing; finds this machine's address
            except OSError:
                self.skipTest('this machine has no other address')
            address = probe.getsockname()[0]
        with self.assertRaises(OSError):
            socket.create_connection((address, SERVER.port), 5)
        self.assertNotIn('warning', SERVER.head)
        server = self.start('--host', '0.0.0.0')
        self.assertIn('warning: everybody who reaches this machine', server.head)
        socket.create_connection((address, server.port), 5).close()

    def test_a_port_in_use_is_an_error(self):
        done = subprocess.run([VANTAGE, 'serve', 'model.pth', 'database.npy', '--photos', 'photos', '--port', str(SERVER.port)],
                              cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'127.0.0.1:{SERVER.port}: cannot listen there', done.stderr)

    def test_interrupting_ends_it_even_with_clients_that_wait(self):
        server = self.start('--timeout', '3600')
        with socket.create_connection(('127.0.0.1', server.port), 60) as idle:
            idle.sendall(b'GET /')
            self.assertEqual(server.json('GET', '/info')[0], 200)
            code, text = server.end()
            self.assertEqual(code, 130, text)
            self.assertIn('interrupted', text)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not find_chromium():
            raise unittest.SkipTest('needs chromium (scripts/setup)')
        cls.browser = Chromium(find_chromium())
        cls.addClassCleanup(cls.browser.__exit__)
        cls.screenshots = SCREENSHOTS

    def setUp(self):
        self.browser.errors.clear()
        self.browser.requests.clear()
        self.browser.open('about:blank')
        self.browser.open(f'http://127.0.0.1:{SERVER.port}/')
        self.wait("document.querySelectorAll('#k option').length > 0")

    def js(self, expression):
        return self.browser.evaluate(expression)

    def wait(self, condition):
        deadline = time.monotonic() + 60
        while not self.js(condition):
            self.assertLess(time.monotonic(), deadline, condition)
            time.sleep(0.05)

    def wait_for_results(self):
        self.wait("document.querySelector('#results').ariaBusy === 'false' && document.images.length > 1 && "
                  "Promise.all([...document.images].map(i => i.decode().then(() => 1, () => 1))).then(() => true)")

    def choose(self, path):
        document = self.browser.call('DOM.getDocument')['root']['nodeId']
        node = self.browser.call('DOM.querySelector', nodeId=document, selector='#file')['nodeId']
        self.browser.call('DOM.setFileInputFiles', files=[str(path)], nodeId=node)

    def names(self):
        return self.js("[...document.querySelectorAll('#results .name')].map(e => e.title)")

    def check_no_errors(self):
        """None except of the photo outside the folder."""
        self.assertEqual([error for error in self.browser.errors if '403 (Forbidden)' not in error], [])

    def query(self):
        return self.js("document.querySelector('#name').title")

    def test_a_chosen_photo_is_searched_and_results_search_on(self):
        path = FOLDER / 'photos' / DESCRIBED[7]
        _, expected = SERVER.json('POST', '/search', path.read_bytes())
        check_widths_and_schemes(self, 'serve-start')
        self.choose(path)
        self.wait_for_results()
        self.assertEqual(self.names(), [r['name'] for r in expected['results']])
        self.assertEqual(self.query(), path.name)
        self.assertEqual(self.js("[...document.querySelectorAll('#results .score')].map(e => e.textContent)"),
                         [f"{r['score']:.4f}" for r in expected['results']])
        self.assertRegex(self.js("document.querySelector('#summary').textContent"),
                         rf'^24 photos of {len(DESCRIBED)} in [\d,]+ ms$')
        self.wait("document.querySelectorAll('#results .missing').length === 1")  # the photo outside the folder
        self.assertRegex(self.js("document.querySelector('#results .missing').textContent"), 'not in the folder')
        check_widths_and_schemes(self, 'serve-found')
        second = self.names()[1]
        self.js("document.querySelectorAll('#results a.frame')[1].click()")
        self.wait(f'document.querySelector("#name").title === {json.dumps(second)}')
        self.wait_for_results()
        _, expected = SERVER.json('GET', '/search?' + urllib.parse.urlencode({'name': second}))
        self.assertEqual(self.names(), [r['name'] for r in expected['results']])
        self.js('history.back()')
        self.wait(f'document.querySelector("#name").title === {json.dumps(path.name)}')
        self.wait_for_results()
        self.js("(k => { k.value = 12; k.dispatchEvent(new Event('change')); })(document.querySelector('#k'))")
        self.wait("document.querySelectorAll('#results figure').length === 12")
        self.check_no_errors()

    def test_names_are_text(self):
        self.js(f"location.hash = {json.dumps('/search?name=' + urllib.parse.quote(HOSTILE))}")
        self.wait("document.querySelectorAll('#results figure').length > 0")
        self.wait_for_results()
        self.assertEqual(self.query(), HOSTILE)
        self.assertIsNone(self.js('window.harm'))
        self.assertEqual(self.js("document.querySelectorAll('img[onerror], script').length"), 1)  # the page's own
        self.check_no_errors()

    def test_problems_are_told(self):
        problem = "document.querySelector('#problem').textContent"
        (FOLDER / 'text.jpg').write_text('no photo')
        self.choose(FOLDER / 'text.jpg')
        self.wait(f"{problem} !== ''")
        self.assertRegex(self.js(problem), '^the photo: ')
        (FOLDER / 'large.jpg').write_bytes(bytes(2 << 20))
        self.choose(FOLDER / 'large.jpg')
        self.wait(f"{problem}.startsWith('The photo has 2.0 MB')")
        self.wait("document.querySelector('#query').hidden")  # the browser cannot show it
        self.assertEqual(self.js("document.querySelector('#hint span').textContent"), 'No preview')
        check_widths_and_schemes(self, 'serve-problem')
        self.choose(FOLDER / 'photos' / DESCRIBED[7])
        self.wait_for_results()
        self.assertTrue(self.js("document.querySelector('#problem').hidden"))

    def test_nothing_is_loaded_from_elsewhere(self):
        self.choose(FOLDER / 'photos' / DESCRIBED[7])
        self.wait_for_results()
        self.assertEqual({url for url in self.browser.requests if not re.match(
            rf'(blob:)?http://127\.0\.0\.1:{SERVER.port}/|about:', url)}, set())
        self.assertNotEqual(self.js("fetch('https://example.org').then(() => 'loaded', () => 'refused')"), 'loaded')


if __name__ == '__main__':
    VANTAGE = os.path.abspath(sys.argv[1])
    WEIGHTS = pathlib.Path(sys.argv[2])
    SCREENSHOTS = sys.argv[3] if len(sys.argv) > 3 else None
    if not WEIGHTS.exists():
        print(f'skipped: needs {WEIGHTS} (scripts/setup)')
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)

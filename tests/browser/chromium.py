# SPDX-License-Identifier: BSD-3-Clause
"""A headless Chromium, driven over its DevTools protocol through a pipe. Standard library only."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


def find_chromium():
    """Path of the browser, or None."""
    for name in ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'):
        if shutil.which(name):
            return shutil.which(name)
    return None


class Chromium:
    """One browser with one page. The page's requests and errors are recorded."""

    def __init__(self, program, width=1280, height=900):
        self.profile = tempfile.TemporaryDirectory(prefix='chromium-', ignore_cleanup_errors=True)
        command_read, self.command = os.pipe()
        self.answers, answer_write = os.pipe()

        def set_pipe():  # the browser reads commands from descriptor 3 and answers on 4
            # Duplicate both first: either may be 3 or 4 itself.
            read, write = os.dup(command_read), os.dup(answer_write)
            while read < 5 or write < 5:
                read, write = os.dup(read), os.dup(write)
            os.dup2(read, 3)
            os.dup2(write, 4)

        arguments = ['--headless', '--remote-debugging-pipe', '--disable-gpu', '--disable-dev-shm-usage',
                     '--no-first-run', '--hide-scrollbars', f'--user-data-dir={self.profile.name}',
                     f'--window-size={width},{height}']
        if os.geteuid() == 0:
            arguments.append('--no-sandbox')
        self.process = subprocess.Popen([program, *arguments, 'about:blank'], preexec_fn=set_pipe, close_fds=False,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(command_read)
        os.close(answer_write)
        self.buffer = b''
        self.number = 0
        self.session = None
        self.requests = []
        self.errors = []
        self.loaded = False
        page = next(target for target in self.call('Target.getTargets')['targetInfos'] if target['type'] == 'page')
        self.session = self.call('Target.attachToTarget', targetId=page['targetId'], flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.call('Browser.close')
            self.process.wait(20)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()

    def _read(self, deadline):
        while b'\0' not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise RuntimeError('the browser does not answer')
            data = os.read(self.answers, 1 << 20)
            if not data:
                raise RuntimeError('the browser has ended')
            self.buffer += data
        message, self.buffer = self.buffer.split(b'\0', 1)
        message = json.loads(message)
        event, content = message.get('method'), message.get('params', {})
        if event == 'Network.requestWillBeSent':
            self.requests.append(content['request']['url'])
        elif event == 'Runtime.exceptionThrown':
            self.errors.append(content['exceptionDetails'].get('exception', {}).get('description', 'exception'))
        elif event == 'Log.entryAdded' and content['entry']['level'] in ('warning', 'error'):
            self.errors.append(content['entry']['text'])
        elif event == 'Page.javascriptDialogOpening':
            self.errors.append('dialog: ' + content['message'])
        elif event == 'Page.loadEventFired':
            self.loaded = True
        return message

    def call(self, method, **arguments):
        """The browser's answer to a command of its protocol."""
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': arguments}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.command, json.dumps(message).encode() + b'\0')
        deadline = time.monotonic() + 120
        while True:
            answer = self._read(deadline)
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer['result']

    def open(self, url):
        """Loads a page and waits until it has fired load."""
        self.loaded = False
        self.call('Page.navigate', url=url)
        deadline = time.monotonic() + 120
        while not self.loaded:
            self._read(deadline)

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page; promises are waited for."""
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer['result'].get('value')

    def press(self, key):
        """A letter key, down and up."""
        code = 'Key' + key.upper()
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key=key, code=code, text=key if kind == 'keyDown' else '')

    def screenshot(self, path):
        """A screenshot of the whole page, as PNG."""
        import base64
        data = self.call('Page.captureScreenshot', captureBeyondViewport=True)['data']
        with open(path, 'wb') as file:
            file.write(base64.b64decode(data))


def check_widths_and_schemes(test, name):
    """The page of test.browser is no wider than phones and desktops are, and follows light and dark. Screenshots go to
    test.screenshots, where it names a folder."""
    browser = test.browser
    test.addCleanup(lambda: browser.call('Emulation.clearDeviceMetricsOverride'))
    background = {}
    for scheme in ('light', 'dark'):
        browser.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': scheme}])
        background[scheme] = browser.evaluate('getComputedStyle(document.body).backgroundColor')
        for width in (360, 800, 1400):
            browser.call('Emulation.setDeviceMetricsOverride', width=width, height=900, deviceScaleFactor=1,
                         mobile=False)
            test.assertLessEqual(browser.evaluate('document.documentElement.scrollWidth'), width)
            if test.screenshots:
                browser.screenshot(os.path.join(test.screenshots, f'{name}-{scheme}-{width}.png'))
    test.assertNotEqual(background['light'], background['dark'])

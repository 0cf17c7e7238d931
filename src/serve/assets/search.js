'use strict';
(() => {
  const one = (id) => document.getElementById(id);
  const uploads = [];  // photos of this visit, so that going back finds them
  let info = null;
  let latest = 0;  // number of the search whose results may be shown

  // The server's JSON. Its errors are {"error": message}.
  async function ask(url, options) {
    let answer;
    try {
      answer = await fetch(url, options);
    } catch {
      throw new Error('The server does not answer.');
    }
    const content = await answer.json().catch(() => ({error: 'status ' + answer.status}));
    if (!answer.ok) throw new Error(content.error);
    return content;
  }

  function element(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  const shortName = (name) => name.split('/').slice(-2).join('/');
  const count = (number, noun) => number.toLocaleString('en') + ' ' + noun + (number === 1 ? '' : 's');

  function figureOf(result) {
    const image = element('img', {src: result.thumbnail, alt: result.name, loading: 'lazy'});
    const frame = element('a', {className: 'frame', href: '#' + result.search, title: 'Search with ' + result.name}, image);
    image.addEventListener('error', () => {
      ask(result.thumbnail).catch((error) => {
        image.replaceWith(element('span', {className: 'missing', title: error.message},
                                  element('span', {textContent: error.message})));
      });
    });
    const facts = element('span', {className: 'facts'},
                          element('span', {className: 'score', textContent: result.score.toFixed(4), title: 'Similarity'}),
                          element('a', {href: result.photo, target: '_blank', textContent: 'open'}));
    return element('figure', {className: 'photo'}, frame,
                   element('figcaption', {},
                           element('span', {className: 'name', title: result.name, textContent: shortName(result.name)}),
                           facts));
  }

  function showQuery(source, name) {
    one('query').src = source;
    one('query').alt = 'Query: ' + name;
    one('query').hidden = false;
    one('hint').hidden = true;
    one('name').textContent = shortName(name);
    one('name').title = name;
    one('name').hidden = false;
  }

  // Browsers cannot show all formats that can be searched for.
  function showNoPreview() {
    one('query').hidden = true;
    one('hint').hidden = false;
    one('hint').querySelector('span').textContent = 'No preview';
  }

  function showProblem(message) {
    one('problem').textContent = message;
    one('problem').hidden = message === '';
  }

  function showBusy(isBusy) {
    one('results').classList.toggle('busy', isBusy);
    one('results').setAttribute('aria-busy', String(isBusy));
  }

  // A problem instead of results.
  function showNone(problem) {
    showBusy(false);
    showProblem(problem);
    one('results').replaceChildren();
    one('head').hidden = true;
    one('empty').hidden = true;
  }

  async function search(url, options, describe) {
    const number = ++latest;
    showBusy(true);
    showProblem('');
    try {
      const found = await ask(url + (url.includes('?') ? '&' : '?') + 'k=' + one('k').value, options);
      if (number !== latest) return;
      describe(found);
      one('results').replaceChildren(...found.results.map(figureOf));
      one('summary').textContent =
          count(found.results.length, 'photo') + ' of ' + info.photos.toLocaleString('en') + ' in ' +
          Math.max(1, Math.round(found.milliseconds)).toLocaleString('en') + ' ms';
      one('head').hidden = false;
      one('empty').hidden = true;
    } catch (error) {
      if (number !== latest) return;
      showNone(error.message);
    }
    showBusy(false);
  }

  function searchByPhoto(upload) {
    showQuery(upload.source, upload.file.name);
    if (upload.file.size > info.max_upload) {
      ++latest;  // what was asked before is not shown
      showNone('The photo has ' + (upload.file.size / 2 ** 20).toFixed(1) + ' MB, more than the ' +
               (info.max_upload / 2 ** 20).toFixed(0) + ' MB that this server accepts.');
      return;
    }
    search('/search', {method: 'POST', body: upload.file}, () => {});
  }

  // What the address names: "#/search?name=..." a photo of the database, "#photo-3" one of this visit.
  function follow() {
    const wanted = location.hash.slice(1);
    const upload = uploads[Number(/^photo-(\d+)$/.exec(wanted)?.[1])];
    if (upload) {
      searchByPhoto(upload);
    } else if (wanted.startsWith('/search?name=')) {
      search(wanted, {}, (found) => {
        showQuery(found.query.thumbnail, found.query.name);
        scrollTo({top: 0, behavior: 'smooth'});
      });
    }
  }

  function take(file) {
    if (!file) return;
    uploads.push({file, source: URL.createObjectURL(file)});
    location.hash = 'photo-' + (uploads.length - 1);
  }

  async function start() {
    try {
      info = await ask('/info');
    } catch (error) {
      showProblem(error.message);
      return;
    }
    one('info').textContent = count(info.photos, 'photo') + ' · ' + info.model;
    const counts = [...new Set([12, 24, 48, 96, info.k])].sort((a, b) => a - b);
    one('k').replaceChildren(...counts.map((k) => element('option', {value: k, textContent: k})));
    one('k').value = info.k;
    one('k').addEventListener('change', follow);
    one('query').addEventListener('error', showNoPreview);
    addEventListener('hashchange', follow);
    one('file').addEventListener('change', () => {
      take(one('file').files[0]);
      one('file').value = '';  // so that the same file can be chosen again
    });
    document.addEventListener('paste', (event) => take([...event.clipboardData.files][0]));
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      one('drop').classList.add('over');
    });
    document.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) one('drop').classList.remove('over');
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      one('drop').classList.remove('over');
      take(event.dataTransfer.files[0]);
    });
    follow();
  }

  start();
})();

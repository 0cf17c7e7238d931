'use strict';
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // Each photo is in the page once, where it is shown first.
  for (const image of all('img[data-photo]')) {
    image.src = document.getElementById('photo-' + image.dataset.photo).src;
  }

  const filter = one('#filter');
  const queries = all('article.query');
  const visible = () => all('article.query').filter((query) => !query.hidden);

  function applyFilter() {
    const split = filter.elements.split.value;
    const scene = one('#scene');
    for (const option of scene.options) {
      option.disabled = split !== 'all' && option.value !== '' && !['all', split].includes(option.dataset.split);
    }
    if (scene.selectedOptions[0].disabled) scene.value = '';
    for (const item of all('article[data-split]')) {
      const fits = (split === 'all' || item.dataset.split.split(' ').includes(split)) &&
          (scene.value === '' || item.dataset.scene === scene.value);
      item.hidden = !fits;
    }
    const count = visible().length;
    one('#shown').value = count === 1 ? '1 query' : count + ' queries';
    one('.none').hidden = count > 0;
  }

  function applyOrder() {
    const key = one('#order').value;
    const value = (query) => Number(query.dataset[key]);
    const sorted = [...queries].sort((a, b) => value(a) - value(b) || a.dataset.number - b.dataset.number);
    one('#query-list').append(...sorted);
  }

  // From the query that has the focus, or else the one at the top of the window.
  function step(direction) {
    const shown = visible();
    let at = shown.indexOf(document.activeElement.closest('article.query'));
    if (at < 0) {
      at = shown.findIndex((query) => query.getBoundingClientRect().bottom > 100);
      if (at < 0) at = shown.length;
      if (direction > 0) at -= 1;
    }
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + direction))];
    if (!next) return;
    next.focus({preventScroll: true});
    next.scrollIntoView({block: 'start'});
  }

  if (filter) {
    filter.addEventListener('change', applyFilter);
    filter.addEventListener('submit', (event) => event.preventDefault());
    one('#order').addEventListener('change', applyOrder);
    // A browser that goes back keeps what was chosen.
    applyFilter();
    applyOrder();
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select')) return;
    if (event.key === 'j') step(1);
    if (event.key === 'k') step(-1);
  });
})();

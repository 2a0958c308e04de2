/** What the page does: details on hover and focus, arrow keys along each row, a cursor over all of them, its width. */
export const BEHAVIOUR = `
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const detail = document.getElementById('detail');
  const cursor = document.getElementById('cursor');
  const canvas = document.querySelector('.canvas');
  const marks = data.operations.marks;
  const here = document.querySelector('#operations .here');
  const operations = document.getElementById('operations');
  const lines = Number(getComputedStyle(operations.parentElement).getPropertyValue('--lines'));

  function show(text, box, ms) {
    detail.textContent = text;
    detail.hidden = false;
    const width = detail.offsetWidth, height = detail.offsetHeight, edge = 8;
    const left = Math.max(edge, Math.min(box.left, document.documentElement.clientWidth - width - edge));
    const below = box.bottom + edge + height < window.innerHeight;
    detail.style.left = left + 'px';
    detail.style.top = (below ? box.bottom + edge : Math.max(edge, box.top - height - edge)) + 'px';
    if (ms !== undefined) point(ms);
  }
  function point(ms) {
    cursor.hidden = false;
    cursor.style.left = 100 * ms / data.durationMs + '%';
  }
  function hide() {
    detail.hidden = true;
    cursor.hidden = true;
    here.hidden = true;
    for (const one of document.querySelectorAll('.struck')) one.classList.remove('struck');
  }

  /* Spans and faults: one of each row is in the tab order, arrow keys walk along it and to the next row. */
  function showItem(item) {
    hide();
    show(item.dataset.detail, item.getBoundingClientRect());
    cursor.hidden = false;
    cursor.style.left = item.style.left;
    if (item.dataset.fault !== undefined) strike(item.dataset.fault);
  }
  function strike(place) {
    for (const one of document.querySelectorAll('[data-fault="' + place + '"]')) one.classList.add('struck');
  }
  function walk(item, step) {
    const items = [...item.parentElement.querySelectorAll('.item')];
    const next = items[Math.max(0, Math.min(items.length - 1, items.indexOf(item) + step))];
    item.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
  const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  for (const item of document.querySelectorAll('.item')) {
    item.addEventListener('pointerenter', () => showItem(item));
    item.addEventListener('pointerleave', hide);
    item.addEventListener('focus', () => showItem(item));
    item.addEventListener('blur', hide);
    item.addEventListener('keydown', (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      walk(item, steps[event.key]);
    });
  }
  for (const line of document.querySelectorAll('tr[data-fault]')) {
    line.addEventListener('pointerenter', () => strike(line.dataset.fault));
    line.addEventListener('pointerleave', hide);
  }

  /* Operations and intervals: drawn in bulk, found by place and time. */
  function boxAt(track, ms, topShare, heightShare) {
    const box = track.getBoundingClientRect();
    const left = box.left + box.width * ms / data.durationMs;
    const top = box.top + box.height * topShare;
    return { left, top, bottom: top + box.height * heightShare };
  }
  function showMark(place) {
    const [line, begin, end, outcome, what] = marks[place];
    const took = end === null ? 'no answer' : 'took ' + Number((end - begin).toFixed(2)) + ' ms';
    const word = outcome === 'ok' ? 'acknowledged' : outcome;
    hide();
    here.hidden = false;
    here.style.left = 100 * begin / data.durationMs + '%';
    here.style.top = 100 * line / lines + '%';
    here.style.height = 100 / lines + '%';
    here.style.width = 100 * Math.max((end ?? begin) - begin, 0) / data.durationMs + '%';
    show(what + '\\n' + word + ', ' + took + ', called at ' + Number((begin / 1000).toFixed(4)) + ' s', boxAt(operations, begin, line / lines, 1 / lines), begin);
  }
  function nearestMark(ms, line) {
    let best = -1, distance = Infinity;
    for (let place = 0; place < marks.length; place += 1) {
      const [other, begin, end] = marks[place];
      const away = (ms < begin ? begin - ms : Math.max(0, ms - (end ?? begin))) + Math.abs(other - line) * data.durationMs / 200;
      if (away < distance) { distance = away; best = place; }
    }
    return best;
  }
  function stepped(track, count, showOne, nearest) {
    let place = 0;
    if (count === 0) return;
    track.addEventListener('pointermove', (event) => {
      const box = track.getBoundingClientRect();
      place = nearest((event.clientX - box.left) / box.width * data.durationMs, (event.clientY - box.top) / box.height);
      showOne(place);
    });
    track.addEventListener('pointerleave', hide);
    track.addEventListener('focus', () => { if (track.matches(':focus-visible')) showOne(place); });
    track.addEventListener('blur', hide);
    track.addEventListener('keydown', (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      place = Math.max(0, Math.min(count - 1, place + steps[event.key]));
      showOne(place);
    });
  }
  stepped(operations, marks.length, showMark, (ms, share) => nearestMark(ms, Math.min(Math.floor(share * lines), lines - 1)));
  for (const id of ['throughput', 'latency']) {
    const track = document.getElementById(id);
    const showInterval = (place) => {
      const [begin, end, text] = data.intervals[place];
      hide();
      show(text, boxAt(track, begin, 0, 1), (begin + end) / 2);
    };
    stepped(track, data.intervals.length, showInterval, (ms) => {
      const place = data.intervals.findIndex(([, end]) => ms < end);
      return place === -1 ? data.intervals.length - 1 : place;
    });
  }
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
  document.querySelector('.scroller').addEventListener('scroll', hide);
  window.addEventListener('scroll', hide, { passive: true });

  /* The width of the timeline. */
  let zoom = 1;
  for (const button of document.querySelectorAll('[data-zoom]')) {
    button.addEventListener('click', () => {
      const scroller = document.querySelector('.scroller');
      const centre = (scroller.scrollLeft + scroller.clientWidth / 2) / canvas.offsetWidth;
      zoom = Math.max(1, Math.min(32, zoom * (button.dataset.zoom === '1' ? 2 : 0.5)));
      canvas.style.setProperty('--zoom', zoom);
      canvas.classList.toggle('zoomed', zoom >= 4);
      document.querySelector('.zoom output').textContent = zoom + '×';
      scroller.scrollLeft = centre * canvas.offsetWidth - scroller.clientWidth / 2;
    });
  }

  const copy = document.getElementById('copy');
  const script = document.querySelector('#script pre');
  copy.addEventListener('click', async () => {
    getSelection().selectAllChildren(script);
    try {
      await navigator.clipboard.writeText(script.textContent);
      copy.textContent = 'Copied';
    } catch {
      copy.textContent = 'Selected';
    }
  });
})();
`;

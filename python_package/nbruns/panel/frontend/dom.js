// What every view of the panel shares: making elements, icons, times in words.
// Text that people wrote only ever enters the page through textContent.

const SVG = 'http://www.w3.org/2000/svg';

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') node.textContent = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

// Changes text only where it differs: a node left alone keeps its hover and selection.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function attribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

const SHAPES = {
  RUNNING: [['circle', { cx: 8, cy: 8, r: 4.5 }]],
  SCHEDULED: [['circle', { cx: 8, cy: 8, r: 4.5, 'data-line': 1 }]],
  FINISHED: [['path', { d: 'M3.2 8.4l3.1 3.1 6.5-6.8', 'data-line': 1 }]],
  FAILED: [['path', { d: 'M4 4l8 8M12 4l-8 8', 'data-line': 1 }]],
  KILLED: [['rect', { x: 4, y: 4, width: 8, height: 8, rx: 1 }]],
  code: [['path', { d: 'M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5M9 3L7 13', 'data-line': 1 }]],
  register: [
    ['path', { d: 'M8 1.8l5.4 3v6.4L8 14.2l-5.4-3V4.8zM2.8 4.9L8 7.8l5.2-2.9M8 7.8v6.2', 'data-line': 1 }]
  ],
  copy: [
    ['rect', { x: 5.5, y: 5.5, width: 8, height: 8, rx: 1.2, 'data-line': 1 }],
    ['path', { d: 'M10.5 5.5V3.7c0-.7-.5-1.2-1.2-1.2H3.7c-.7 0-1.2.5-1.2 1.2v5.6c0 .7.5 1.2 1.2 1.2h1.8', 'data-line': 1 }]
  ],
  close: [['path', { d: 'M4.5 4.5l7 7M11.5 4.5l-7 7', 'data-line': 1 }]],
  child: [['path', { d: 'M4 2.5v5.2c0 1 .6 1.6 1.6 1.6H12M9.6 6.8L12 9.3l-2.4 2.5', 'data-line': 1 }]],
  more: [['circle', { cx: 3.2, cy: 8, r: 1.3 }], ['circle', { cx: 8, cy: 8, r: 1.3 }], ['circle', { cx: 12.8, cy: 8, r: 1.3 }]],
  edit: [['path', { d: 'M3 13l.6-2.8 7.3-7.3a1.4 1.4 0 0 1 2 0l.2.2a1.4 1.4 0 0 1 0 2L5.8 12.4z', 'data-line': 1 }]],
  add: [['path', { d: 'M8 3v10M3 8h10', 'data-line': 1 }]],
  diff: [['path', { d: 'M5 2.5v11M2.5 6L5 3.5 7.5 6M11 13.5v-11M8.5 10l2.5 2.5 2.5-2.5', 'data-line': 1 }]],
  insert: [['path', { d: 'M2.5 3h11M2.5 13h5M8 5.5v5M5.8 8.4L8 10.6l2.2-2.2', 'data-line': 1 }]],
  download: [['path', { d: 'M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.2h10', 'data-line': 1 }]],
  refresh: [['path', { d: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3', 'data-line': 1 }]],
  folder: [['path', { d: 'M2 4.2c0-.6.4-1 1-1h3.2l1.5 1.6H13c.6 0 1 .4 1 1v6c0 .6-.4 1-1 1H3c-.6 0-1-.4-1-1z', 'data-line': 1 }]],
  file: [['path', { d: 'M4 2h5l3 3v9H4zM9 2v3h3', 'data-line': 1 }]],
  image: [['path', { d: 'M2.5 3.5h11v9h-11zM2.8 11.5l3.4-3.6 2.4 2.4 1.8-1.8 2.8 2.8', 'data-line': 1 }], ['circle', { cx: 10.6, cy: 6.2, r: 0.9 }]],
  table: [['path', { d: 'M2.5 3.5h11v9h-11zM2.5 6.7h11M2.5 9.6h11M6.5 3.5v9', 'data-line': 1 }]],
  text: [['path', { d: 'M3.5 4h9M3.5 7h9M3.5 10h9M3.5 13h5', 'data-line': 1 }]],
  notebook: [['path', { d: 'M4 2.5h8.5v11H4zM6.2 2.5v11M2.5 5h1.5M2.5 8h1.5M2.5 11h1.5', 'data-line': 1 }]],
  media: [['path', { d: 'M2.5 3.5h11v9h-11z', 'data-line': 1 }], ['path', { d: 'M6.6 5.8v4.4L10.2 8z' }]],
  flask: [['path', { d: 'M6 2.5h4M6.8 2.5v4L3.2 12a1 1 0 0 0 .9 1.5h7.8a1 1 0 0 0 .9-1.5L9.2 6.5v-4M5 9.8h6', 'data-line': 1 }]],
  fold: [['path', { d: 'M6 4.2L10 8l-4 3.8', 'data-line': 1 }]],
  up: [['path', { d: 'M4 9.8L8 6l4 3.8', 'data-line': 1 }]],
  down: [['path', { d: 'M4 6.2L8 10l4-3.8', 'data-line': 1 }]],
  back: [['path', { d: 'M9.8 3.8L5.6 8l4.2 4.2', 'data-line': 1 }]],
  undo: [['path', { d: 'M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M5.8 3.5L2.8 6.5l3 3', 'data-line': 1 }]],
  search: [['circle', { cx: 7, cy: 7, r: 4.2, 'data-line': 1 }], ['path', { d: 'M10.2 10.2l3.6 3.6', 'data-line': 1 }]],
  sort: [['path', { d: 'M4.8 3v10M2.5 10.6L4.8 13l2.3-2.4M11.2 13V3M8.9 5.4L11.2 3l2.3 2.4', 'data-line': 1 }]],
  columns: [['path', { d: 'M2.5 3.2h11v9.6h-11zM6.2 3.2v9.6M9.8 3.2v9.6', 'data-line': 1 }]],
  trash: [['path', { d: 'M2.8 4.4h10.4M6.2 4.2V2.6h3.6v1.6M4.2 4.6l.6 8.8h6.4l.6-8.8M6.7 7v4M9.3 7v4', 'data-line': 1 }]],
  away: [['path', { d: 'M6 3H3v10h10v-3M8.5 2.5h5v5M13.2 2.8L7.5 8.5', 'data-line': 1 }]],
  warning: [['path', { d: 'M8 2.6l6 10.6H2zM8 6.6v3.2M8 11.4v.1', 'data-line': 1 }]],
  changed: [['path', { d: 'M5.4 4.5L2 8l3.4 3.5M10.6 4.5L14 8l-3.4 3.5M8 6.4v3.2M6.4 8h3.2', 'data-line': 1 }]],
  same: [['path', { d: 'M5.4 4.5L2 8l3.4 3.5M10.6 4.5L14 8l-3.4 3.5M6.8 7h2.4M6.8 9h2.4', 'data-line': 1 }]],
  runs: [['path', { d: 'M2 13.5h12M2.5 10.5c2.6 0 2.6-6 5.2-6s2.4 3.4 5.8 3.4', 'data-line': 1 }]],
  unplugged: [
    ['path', { d: 'M2.5 6.2a8 8 0 0 1 4-2M9.6 4.2a8 8 0 0 1 3.9 2M4.6 8.8a5 5 0 0 1 2-1.2M9.6 7.7a5 5 0 0 1 1.8 1.1M8 12.2v.1M2.5 2l11 12', 'data-line': 1 }]
  ]
};

function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `nbruns-icon nbruns-icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  for (const [tag, attributes] of SHAPES[name] ?? SHAPES.SCHEDULED) {
    const part = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    svg.append(part);
  }
  return svg;
}

function iconButton(name, label, className, onclick) {
  const button = make('button', { type: 'button', class: `nbruns-iconButton ${className}`, title: label, 'aria-label': label, onclick });
  button.append(icon(name));
  return button;
}

const STATUS_WORDS = {
  RUNNING: 'Running',
  SCHEDULED: 'Scheduled',
  FINISHED: 'Finished',
  FAILED: 'Failed',
  KILLED: 'Killed'
};

function statusMark(status, reason) {
  const mark = make('span', { class: 'nbruns-status', role: 'img' });
  setStatus(mark, status, reason);
  return mark;
}

function setStatus(mark, status, reason = '') {
  const words = (STATUS_WORDS[status] ?? status) + (reason ? `: ${reason}` : '');
  if (mark.dataset.status !== status) {
    mark.dataset.status = status;
    mark.replaceChildren(icon(SHAPES[status] ? status : 'SCHEDULED'));
  }
  attribute(mark, 'aria-label', words);
  attribute(mark, 'title', words);
}

function ago(ms, now = Date.now()) {
  if (!ms) return '';
  const s = Math.max(0, (now - ms) / 1000);
  if (s < 10) return 'just now';
  if (s < 60) return `${Math.floor(s)} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
  if (s < 7 * 86400) return `${Math.floor(s / 86400)} d ago`;
  const day = new Date(ms);
  const year = day.getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric';
  return day.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year });
}

function absolute(ms) {
  return ms ? new Date(ms).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'medium' }) : '';
}

function span(ms) {
  if (ms === null || ms === undefined || ms < 0) return '';
  if (ms < 950) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 59.95) return `${s.toFixed(1)} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(s % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// A running span counts whole seconds: tenths that jump are noise.
function spanSoFar(started, ended, now = Date.now()) {
  if (!started) return '';
  if (ended) return span(ended - started);
  const ms = Math.max(0, now - started);
  return ms < 60000 ? `${Math.floor(ms / 1000)} s` : span(ms);
}

async function copyText(text, button) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copySelected(text);
  button?.classList.add('nbruns-copied');
  setTimeout(() => button?.classList.remove('nbruns-copied'), 1200);
}

// Pages that came over plain HTTP from another machine have no clipboard to write to.
function copySelected(text) {
  const field = make('textarea', { style: 'position: fixed; opacity: 0' });
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

// "accuracy_score" may break after its underscore, and is still copied as it is.
function breakable(node, text) {
  node.replaceChildren();
  for (const piece of text.split(/(?<=[_./-])/)) node.append(piece, make('wbr'));
}

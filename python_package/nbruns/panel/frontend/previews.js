// What a file looks like. Only as much of it is fetched as is shown.

// What is read of a text or a table, and how large a file may be that has to be read whole.
const HEAD_BYTES = 256 * KB;
const WHOLE_BYTES = 20 * MB;
const MOST_JSON_BYTES = 8 * MB;

function fileUrl(root, address, path) {
  return root + [...address.split('/'), ...path.split('/')].map(encodeURIComponent).join('/');
}

async function fetchBytes(file, most, signal) {
  if (!file.size) return new Uint8Array();
  const headers = file.size > most ? { Range: `bytes=0-${most - 1}` } : {};
  const reply = await fetch(file.url, { headers, signal, credentials: 'same-origin' });
  if (!reply.ok) throw new Error(reply.status === 404 ? 'The file is no longer there.' : `The server answered with status ${reply.status}.`);
  return new Uint8Array(await reply.arrayBuffer());
}

async function fetchText(file, most, signal) {
  return new TextDecoder().decode(await fetchBytes(file, most, signal));
}

const cutNote = file => (file.size > HEAD_BYTES ? make('div', { class: 'nbruns-previewNote', text: `The first ${sizeWords(HEAD_BYTES)} of ${sizeWords(file.size)}` }) : '');

function refuse(box, words) {
  box.replaceChildren(make('div', { class: 'nbruns-nothing', text: words }));
}

function tooLarge(box, file) {
  refuse(box, `${sizeWords(file.size)} is more than can be shown here: download it.`);
}

function drawText(box, file, text) {
  box.replaceChildren(make('pre', { class: 'nbruns-fileText', tabindex: '0', dir: 'auto', text }), cutNote(file));
}

function drawImage(box, file) {
  const size = make('div', { class: 'nbruns-previewNote' });
  const image = make('img', { class: 'nbruns-fileImage', src: file.url, alt: file.name });
  image.addEventListener('load', () => image.naturalWidth && say(size, `${image.naturalWidth} × ${image.naturalHeight}`));
  image.addEventListener('error', () => refuse(box, 'This image cannot be drawn.'));
  box.replaceChildren(make('div', { class: 'nbruns-imageFrame' }, image), size);
}

function drawMedia(box, file) {
  const media = make(file.kind, { class: 'nbruns-media', controls: true, preload: 'metadata', src: file.url });
  media.addEventListener('error', () => refuse(box, 'This browser cannot play the file: download it.'));
  box.replaceChildren(media);
}

function drawTable(box, file, text) {
  const tabs = /\.tsv$/i.test(file.name);
  // The last line of a part is seldom whole.
  const whole = file.size > HEAD_BYTES ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
  const [columns, ...rows] = parseDelimited(whole, tabs ? '\t' : ',', MOST_ROWS + 2);
  if (!columns) return refuse(box, 'The file is empty.');
  const isMore = rows.length > MOST_ROWS;
  box.replaceChildren(dataTable(columns, rows.slice(0, MOST_ROWS)), tableNote(columns.length, isMore ? `The first ${MOST_ROWS} rows` : `${rows.length} rows`));
}

function tableNote(columns, rows) {
  const hidden = columns > MOST_COLUMNS ? `, ${MOST_COLUMNS} of ${columns} columns` : `, ${columns} columns`;
  return make('div', { class: 'nbruns-previewNote', text: rows + hidden });
}

async function drawParquet(box, file) {
  const asked = askHost('parquet', box, { url: file.url, size: file.size, rows: MOST_ROWS });
  if (!asked?.answer) return refuse(box, 'Parquet is shown in JupyterLab: download the file.');
  const { columns, rows, total } = await asked.answer;
  box.replaceChildren(dataTable(columns, rows), tableNote(columns.length, rowWords(rows.length, total)));
}

const isFigure = value => value && Array.isArray(value.data) && typeof value.layout === 'object' && value.layout !== null && value.data.every(trace => trace && typeof trace === 'object');

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    // Python writes numbers that JSON does not know.
    return JSON.parse(text.replace(/(?<=[[:,\s])(-?Infinity|NaN)(?=\s*[,\]}])/g, 'null'));
  }
}

// A table as MLflow's log_table writes it.
const isTable = value => Array.isArray(value?.columns) && Array.isArray(value.data) && value.data.every(Array.isArray) && Object.keys(value).length <= 3;

function drawTableOf(box, { columns, data }) {
  const words = cell => (cell === null ? '' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell));
  const rows = data.slice(0, MOST_ROWS).map(row => row.map(words));
  box.replaceChildren(dataTable(columns.map(words), rows), tableNote(columns.length, rowWords(rows.length, data.length)));
}

const rowWords = (shown, total) => (total > shown ? `The first ${shown} of ${total.toLocaleString()} rows` : `${total} rows`);

function drawJson(box, file, text, wanted) {
  let value;
  try {
    value = readJson(text);
  } catch {
    return drawText(box, file, text);
  }
  if (isFigure(value)) return drawFigure(box, value, wanted);
  if (isTable(value)) return drawTableOf(box, value);
  box.replaceChildren(make('div', { class: 'nbruns-json', tabindex: '0' }, jsonTree(value)));
}

async function drawFigure(box, figure, wanted) {
  const frame = make('div', { class: 'nbruns-figure' });
  box.replaceChildren(frame);
  const Plotly = await loadPlotly(wanted);
  const { data, layout, frames } = figure;
  const margin = layout.margin ?? { l: 44, r: 14, t: layout.title ? 44 : 18, b: 40 };
  await Plotly.newPlot(frame, { data, layout: { ...layout, margin, autosize: true, width: undefined, height: undefined }, frames, config: { responsive: true, displaylogo: false } });
}

// A page of its own: it may run its scripts, and reaches neither ours nor the network.
const CAGED = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; img-src data: blob:; font-src data:; media-src data: blob:";

function drawHtml(box, file, text) {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${CAGED}">`;
  const start = /^\s*<!doctype[^>]*>/i.exec(text)?.[0] ?? '';
  const page = start + policy + text.slice(start.length);
  const frame = make('iframe', { class: 'nbruns-fileFrame', sandbox: 'allow-scripts', title: file.name, srcdoc: page, referrerpolicy: 'no-referrer' });
  const outside = /<(?:script|link|img)[^>]+(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i.test(text);
  box.replaceChildren(frame, outside ? make('div', { class: 'nbruns-previewNote', text: 'Parts of this page come from the internet and are not loaded here: download it to see them.' }) : '');
}

function drawNotebook(box, file, text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    return drawText(box, file, text);
  }
  box.replaceChildren();
  if (!askHost('notebook', box, { data: content })) drawJson(box, file, text);
}

// A file whose name tells nothing is text where it holds no bytes that texts have not.
function drawUnknown(box, file, bytes) {
  let text = '';
  try {
    // The end of a part may lie within a letter.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: file.size > bytes.length });
  } catch {
    text = '\0';
  }
  if (text.includes('\0')) refuse(box, 'This file can only be downloaded.');
  else drawText(box, file, text);
}

async function preview(box, file, wanted, signal) {
  const read = most => fetchText(file, most, signal);
  if (file.kind !== 'image' && file.kind !== 'file' && !file.size) return refuse(box, 'The file is empty.');
  switch (file.kind) {
    case 'image':
      return drawImage(box, file);
    case 'video':
    case 'audio':
      return drawMedia(box, file);
    case 'table':
      return drawTable(box, file, await read(HEAD_BYTES));
    case 'parquet':
      return drawParquet(box, file);
    case 'json':
      return file.size > MOST_JSON_BYTES ? drawText(box, file, await read(HEAD_BYTES)) : drawJson(box, file, await read(MOST_JSON_BYTES), wanted);
    case 'markdown': {
      const text = await read(HEAD_BYTES);
      const page = make('div', { class: 'nbruns-markdown' });
      box.replaceChildren(page, cutNote(file));
      return drawMarkdown(page, text);
    }
    case 'html':
      return file.size > WHOLE_BYTES ? tooLarge(box, file) : drawHtml(box, file, await read(WHOLE_BYTES));
    case 'notebook':
      return file.size > WHOLE_BYTES ? tooLarge(box, file) : drawNotebook(box, file, await read(WHOLE_BYTES));
    case 'text':
      return drawText(box, file, await read(HEAD_BYTES));
    case 'unknown':
      return drawUnknown(box, file, await fetchBytes(file, HEAD_BYTES, signal));
    default:
      return refuse(box, 'This kind of file can only be downloaded.');
  }
}

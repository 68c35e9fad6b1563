// Rows and columns of a file, the first hundred of them.

const MOST_ROWS = 100;
const MOST_COLUMNS = 200;

// RFC 4180: quotes, doubled quotes, line breaks inside quotes.
function parseDelimited(text, delimiter, most) {
  const rows = [];
  let row = [], cell = '', quoted = false;
  for (let at = 0; at < text.length && rows.length < most; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[at++];
      else quoted = false;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === delimiter) {
      row.push(cell);
      cell = '';
    } else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && text[at + 1] === '\n') at++;
      row.push(cell);
      rows.push(row);
      row = [];
      cell = '';
    } else cell += letter;
  }
  if (rows.length < most && (cell || row.length)) rows.push([...row, cell]);
  return rows.filter(found => found.length > 1 || found[0] !== '');
}

const NUMERIC = /^[-+−]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$|^(nan|-?inf(inity)?)$/i;

function dataTable(columns, rows) {
  const shown = columns.slice(0, MOST_COLUMNS);
  const numeric = shown.map((_, place) => rows.some(row => NUMERIC.test(row[place] ?? '')) && rows.every(row => !row[place] || NUMERIC.test(row[place])));
  const kind = place => (numeric[place] ? 'nbruns-number' : null);
  const clip = text => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
  const head = make('tr', {}, make('th', { class: 'nbruns-rowNumber' }), ...shown.map((name, place) => make('th', { scope: 'col', class: kind(place), title: name, dir: 'auto', text: clip(name) })));
  const body = rows.map((row, number) =>
    make('tr', {}, make('th', { class: 'nbruns-rowNumber', text: String(number) }), ...shown.map((_, place) => make('td', { class: kind(place), dir: 'auto', title: (row[place] ?? '').length > 30 ? clip(row[place]) : null, text: clip(row[place] ?? '') })))
  );
  return make('div', { class: 'nbruns-tableBox', tabindex: '0' }, make('table', { class: 'nbruns-dataTable' }, make('thead', {}, head), make('tbody', {}, ...body)));
}

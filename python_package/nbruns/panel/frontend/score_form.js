// The form that scores a file: its path, what the model makes of its columns, what goes along.

const CSV_FILE = /\.(csv|tsv|txt)$/i;
const DATA_FILE = /\.(csv|tsv|txt|parquet|pq)$/i;
const SEPARATORS = [['', 'found out'], [',', ','], [';', ';'], ['\t', 'tab'], ['|', '|']];

function scoreForm({ ask, uri, started }) {
  let files = [];
  let looked = null;
  let asked = 0;
  let waiting = 0;
  const along = new Map();

  const path = suggestField({
    name: 'scorePath', label: 'CSV or Parquet file, or a folder of Parquet files', placeholder: 'data/customers.csv',
    options: typed => files.filter(file => file.value.toLowerCase().startsWith(typed.toLowerCase())),
    onchange: typed => { complete(typed); lookSoon(typed); }
  });
  const choices = (name, label, options) => {
    const field = make('select', { class: 'nbruns-input', name, onchange: () => lookNow() }, ...options.map(([value, text]) => make('option', { value, text })));
    return { field, row: make('label', { class: 'nbruns-scoreChoice' }, make('span', { text: label }), field) };
  };
  const separator = choices('separator', 'Separator', SEPARATORS);
  const decimal = choices('decimal', 'Decimals', [['.', '1.5'], [',', '1,5']]);
  const encoding = choices('encoding', 'Encoding', ['utf-8', 'latin-1', 'cp1252', 'utf-16'].map(one => [one, one]));
  const dialect = make('div', { class: 'nbruns-scoreDialect', hidden: true }, separator.row, decimal.row, encoding.row);
  const kept = make('div', { class: 'nbruns-scoreColumns', role: 'group', 'aria-label': 'Columns beside the predictions' });
  const all = make('button', { type: 'button', class: 'nbruns-link', text: 'all', onclick: () => turn(true) });
  const none = make('button', { type: 'button', class: 'nbruns-link', text: 'none', onclick: () => turn(false) });
  const columns = make('div', { hidden: true }, make('div', { class: 'nbruns-scoreKept' }, make('span', { text: 'Beside the predictions:' }), all, none), kept);
  const start = make('button', { type: 'button', class: 'nbruns-button nbruns-primary nbruns-scoreStart', text: 'Start', disabled: true, onclick: begin });
  const copy = copyButton('Copy as Python', code);
  const trouble = make('div', { class: 'nbruns-formError', role: 'alert' });
  const node = make('div', { class: 'nbruns-scoreForm' }, path.row, dialect, columns, trouble, make('div', { class: 'nbruns-formActions' }, start, copy));
  path.input.addEventListener('focus', () => complete(path.value));
  copy.hidden = true;

  async function complete(typed) {
    const told = await ask({ what: 'files', path: typed });
    // What was typed meanwhile has asked for itself.
    if (told.outcome !== 'saved' || path.value !== typed) return;
    files = told.found.map(file => ({ value: file.path + (file.is_folder ? '/' : ''), note: file.is_folder ? '' : sizeWords(file.size ?? 0) }));
    path.refresh();
  }

  function lookSoon(typed) {
    clearTimeout(waiting);
    forget();
    const isFolder = typed.endsWith('/');
    if (!typed || !(DATA_FILE.test(typed) || isFolder)) return path.tell('');
    // A folder on the way to a file is seldom what is meant.
    if (isFolder) return path.tell('Choose a file, or press Enter to take all Parquet files of this folder.');
    waiting = setTimeout(lookNow, 250);
  }

  function forget() {
    asked++;
    looked = null;
    start.disabled = true;
    dialect.hidden = !CSV_FILE.test(path.value);
    columns.hidden = copy.hidden = true;
    say(trouble, '');
  }

  async function lookNow() {
    forget();
    if (!path.value) return;
    const mine = asked;
    path.tell('Reading the columns…');
    const told = await ask({ what: 'look', ...wish() });
    if (mine !== asked) return;
    const refusal = told.outcome === 'saved' ? told.found.message : told.text;
    path.tell(refusal ? '' : wordsOf(told.found), refusal ?? '');
    if (refusal) return;
    looked = told.found;
    start.disabled = copy.hidden = columns.hidden = false;
    showColumns(looked.columns);
  }

  function wordsOf({ columns: found, rows, is_checked: isChecked }) {
    const taken = found.filter(column => column.is_taken).length;
    const size = rows === null ? '' : `${rows.toLocaleString('en')} rows. `;
    if (!isChecked) return `${size}The model has no signature: its columns cannot be checked, and it gets all ${found.length}.`;
    const left = found.length - taken;
    return `${size}The model takes ${taken} of ${found.length} columns${left ? '; the others it does not know' : ''}.`;
  }

  function showColumns(found) {
    const before = new Map(along);
    along.clear();
    for (const { name } of found) along.set(name, before.get(name) ?? true);
    kept.replaceChildren(...found.map(column => {
      const box = make('input', { type: 'checkbox', checked: along.get(column.name), onchange: () => along.set(column.name, box.checked) });
      const title = column.is_taken ? `${column.name}: taken as ${column.kind || 'it is'}` : `${column.name}: not known to the model`;
      return make('label', { class: `nbruns-scoreColumn${column.is_taken ? ' nbruns-isTaken' : ''}`, title }, box, make('span', { class: 'nbruns-ellipsis', dir: 'auto', text: column.name || '(unnamed)' }));
    }));
  }

  function turn(on) {
    for (const name of along.keys()) along.set(name, on);
    for (const box of kept.querySelectorAll('input')) box.checked = on;
  }

  function wish() {
    const names = [...along].filter(([, on]) => on).map(([name]) => name);
    const isAll = !looked || names.length === along.size;
    const csv = CSV_FILE.test(path.value) ? { separator: separator.field.value, decimal: decimal.field.value, encoding: encoding.field.value } : {};
    return { path: path.value, ...(isAll ? {} : { columns: names }), ...csv };
  }

  function code() {
    const { path: file, columns: names, ...csv } = wish();
    const usual = { separator: '', decimal: '.', encoding: 'utf-8' };
    const more = Object.entries({ columns: names, ...csv }).filter(([name, value]) => value !== undefined && value !== usual[name]);
    const words = more.map(([name, value]) => `, ${name}=${JSON.stringify(value)}`).join('');
    return `import nbruns\n\nscored = nbruns.score(${JSON.stringify(uri())}, ${JSON.stringify(file)}${words})\nscored.to_pandas()`;
  }

  async function begin() {
    start.disabled = true;
    say(trouble, '');
    const told = await ask({ what: 'start', ...wish() });
    start.disabled = false;
    if (told.outcome === 'refused') say(trouble, told.text);
    else started();
  }

  path.input.addEventListener('keydown', event => {
    // Taken by the list of suggestions.
    if (event.key !== 'Enter' || event.defaultPrevented) return;
    event.preventDefault();
    clearTimeout(waiting);
    if (looked) begin();
    else lookNow();
  });

  return {
    node,
    // Another version may take other columns.
    renew() {
      if (path.value) lookNow();
    },
    stop: () => clearTimeout(waiting)
  };
}

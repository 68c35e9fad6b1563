// Choosing columns: those shown, in their order, and all there are to be found by name.

const CHOICE_KINDS = [
  ['metrics', 'Metrics'],
  ['params', 'Parameters'],
  ['tags', 'Tags'],
  ['attributes', 'Run']
];
const MOST_LISTED = 300;
const WHICH = ['last', 'min', 'max', 'best'];

function columnMenu(model) {
  const button = iconButton('columns', 'Choose columns', 'nbruns-columnsButton', () => {
    if (openPopup && button.getAttribute('aria-expanded') === 'true') return openPopup.close(true);
    model.send({ type: 'choices' });
    popup(button, { label: 'Columns', kind: 'nbruns-columnMenu' }, fill);
  });
  attribute(button, 'aria-haspopup', 'dialog');
  const search = make('input', { type: 'text', class: 'nbruns-columnSearch', placeholder: 'Find a metric, parameter or tag', 'aria-label': 'Find a column', spellcheck: 'false' });
  const chosen = make('div', { class: 'nbruns-chosen', role: 'list', 'aria-label': 'Columns shown' });
  const found = make('div', { class: 'nbruns-found' });
  const automatic = make('button', { type: 'button', class: 'nbruns-link nbruns-automatic', text: 'Choose automatically', onclick: () => ((wanted = null), model.send({ type: 'columns', names: null })) });
  let dragged = null;

  search.addEventListener('input', showFound);

  // What was chosen shows at once; the answer comes after a moment, and by then more may be chosen.
  let wanted = null;
  const turned = new Map();
  const columns = () => (wanted ?? model.get('columns')).map(column => ({ ...column, ...turned.get(column.key) }));
  const names = () => columns().map(column => column.id);
  const nameOf = (kind, key) => (kind === 'attributes' ? `attributes.${key}` : `${kind}.\`${key}\``);

  function set(list) {
    const known = new Map(columns().map(column => [column.id, column]));
    wanted = list.map(id => known.get(id) ?? { id, ...read(id) });
    model.send({ type: 'columns', names: list });
    showChosen();
    showFound();
  }

  function ask(type, key, value) {
    turned.set(key, { ...turned.get(key), [type]: value });
    model.send({ type, key, value });
    showChosen();
  }

  function read(id) {
    const [, kind, key] = /^(\w+)\.`?([^`]*)`?$/.exec(id);
    return { kind, key, label: key, aggregate: 'last', best: 'max' };
  }

  function fill(box) {
    search.value = '';
    wanted = null;
    turned.clear();
    box.append(search, chosen, make('div', { class: 'nbruns-columnFoot' }, automatic), found);
    showChosen();
    showFound();
    search.focus({ preventScroll: true });
  }

  function move(place, to) {
    const list = names();
    if (to < 0 || to >= list.length) return;
    list.splice(to, 0, ...list.splice(place, 1));
    set(list);
  }

  function showChosen() {
    automatic.hidden = model.get('is_automatic');
    const active = chosen.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
    chosen.replaceChildren(...columns().map(chosenRow));
    const kept = active && [...chosen.querySelectorAll('[data-keep]')].find(node => node.dataset.keep === active);
    if (kept) (kept.disabled ? kept.parentElement.querySelector('button:not(:disabled)') : kept)?.focus();
    openPopup?.place();
  }

  function chosenRow(column, place) {
    const { id, kind, key, aggregate, best } = column;
    const keep = what => ({ 'data-keep': `${what} ${id}` });
    const grip = make('span', { class: 'nbruns-grip', 'aria-hidden': 'true', text: '⠿' });
    const up = iconButton('up', `Move ${key} up`, 'nbruns-columnUp', () => move(place, place - 1));
    const down = iconButton('down', `Move ${key} down`, 'nbruns-columnDown', () => move(place, place + 1));
    const away = iconButton('close', `Do not show ${key}`, 'nbruns-columnAway', () => set(names().filter(name => name !== id)));
    up.disabled = place === 0;
    down.disabled = place === columns().length - 1;
    for (const [node, what] of [[up, 'up'], [down, 'down'], [away, 'away']]) attribute(node, 'data-keep', `${what} ${id}`);
    const row = make('div', { class: 'nbruns-chosenRow', role: 'listitem', draggable: 'true', 'data-column': id }, grip, make('span', { class: 'nbruns-chosenName', dir: 'auto', text: kind === 'attributes' ? column.label : key, title: key }));
    if (kind === 'metrics') {
      const which = make('select', { class: 'nbruns-which', 'aria-label': `Which value of ${key}`, title: 'Which value of its history', ...keep('which'), onchange: event => ask('aggregate', key, event.target.value) });
      which.append(...WHICH.map(value => make('option', { value, text: value, selected: value === aggregate })));
      const turn = make('button', { type: 'button', class: 'nbruns-bestButton', ...keep('best'), title: best === 'max' ? 'Higher is better: click to turn round' : 'Lower is better: click to turn round', 'aria-label': `${best === 'max' ? 'Higher' : 'Lower'} ${key} is better`, text: best === 'max' ? '▲' : '▼', onclick: () => ask('best', key, best === 'max' ? 'min' : 'max') });
      row.append(which, turn);
    }
    row.append(up, down, away);
    row.addEventListener('dragstart', event => {
      dragged = place;
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setData('text/plain', key);
    });
    row.addEventListener('dragover', event => {
      if (dragged === null) return;
      event.preventDefault();
      row.classList.add('nbruns-dropHere');
    });
    row.addEventListener('dragleave', () => row.classList.remove('nbruns-dropHere'));
    row.addEventListener('drop', event => {
      event.preventDefault();
      event.stopPropagation();
      if (dragged !== null && dragged !== place) move(dragged, place);
      dragged = null;
    });
    row.addEventListener('dragend', () => {
      dragged = null;
      showChosen();
    });
    return row;
  }

  function showFound() {
    const typed = search.value.trim().toLowerCase();
    const choices = model.get('choices');
    const isShown = new Set(names());
    const groups = CHOICE_KINDS.map(([kind, title]) => {
      const all = (choices[kind] ?? []).map(one => (typeof one === 'string' ? { key: one, label: one } : one));
      // What systems write is in the way, until it is asked for.
      const fitting = all.filter(({ key, label }) => !isShown.has(nameOf(kind, key)) && (typed ? label.toLowerCase().includes(typed) : !/^(mlflow|nbruns|system)[./]/.test(key)));
      const rows = fitting.slice(0, MOST_LISTED).map(({ key, label }) =>
        make('button', { type: 'button', class: 'nbruns-foundRow', 'data-column': nameOf(kind, key), onclick: () => set([...names(), nameOf(kind, key)]) }, icon('add'), make('span', { class: 'nbruns-chosenName', dir: 'auto', text: label, title: key }))
      );
      return rows.length ? [make('div', { class: 'nbruns-foundTitle', text: `${title} (${fitting.length})` }), ...rows] : [];
    });
    const isLoading = !choices.attributes;
    found.replaceChildren(...groups.flat());
    if (!found.childElementCount) found.append(make('div', { class: 'nbruns-foundNone', text: isLoading ? 'Looking…' : typed ? 'Nothing is called that.' : 'Everything is shown.' }));
    openPopup?.place();
  }

  return {
    node: button,
    show() {
      button.classList.toggle('nbruns-set', !model.get('is_automatic'));
      if (wanted && model.get('columns').map(column => column.id).join() === names().join()) wanted = null;
      if (!chosen.isConnected) return;
      showChosen();
      showFound();
    }
  };
}

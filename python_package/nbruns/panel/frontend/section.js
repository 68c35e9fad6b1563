// A part of a card that folds and stays as it was left, over other runs and reloads,
// and the lists in it, whose rows stay in place while their values move.

// More rows than this scroll in a box of their own: what comes after them stays in reach.
const MANY = 40;

function section(model, name, title, { closed = false, onopen = null } = {}) {
  const count = make('span', { class: 'nbruns-sectionCount' });
  const tools = make('span', { class: 'nbruns-sectionTools' });
  const body = make('div', { class: 'nbruns-sectionBody' });
  const heading = make('span', { text: title });
  const details = make('details', { class: `nbruns-section nbruns-${name}Section` }, make('summary', {}, heading, count, tools), body);
  const look = () => {
    const open = closed === model.get('turned').includes(name);
    if (details.open !== open) details.open = open;
  };
  details.addEventListener('toggle', () => {
    const turned = model.get('turned');
    if (turned.includes(name) !== (details.open === closed)) {
      model.set('turned', details.open === closed ? [...turned, name] : turned.filter(other => other !== name));
      model.save_changes();
    }
    if (details.open) onopen?.();
  });
  look();
  return {
    node: details,
    body,
    tools,
    look,
    name: text => say(heading, text),
    count: number => say(count, number ? String(number) : ''),
    show: shown => (details.hidden = !shown)
  };
}

// Rows by key: those that stay keep their place, their focus and what is being written in them.
function patch(parent, items, { key, create, update }) {
  const known = new Map([...parent.children].map(node => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let node = known.get(id);
    known.delete(id);
    if (!node) {
      node = create(item);
      node.dataset.key = id;
    }
    update(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of known.values()) if (!node.dataset.editing) node.remove();
}

// A box that leaves only the rows whose names hold what is typed.
function filterBox(label, rows) {
  const input = make('input', { type: 'search', class: 'nbruns-input nbruns-filter', placeholder: label, 'aria-label': label, spellcheck: 'false' });
  const none = make('div', { class: 'nbruns-nothing', text: 'Nothing matches', hidden: true });
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows()) {
      row.hidden = !words.every(word => row.dataset.key.toLowerCase().includes(word));
      if (!row.hidden) shown++;
    }
    none.hidden = shown > 0 || !words.length;
    input.dispatchEvent(new CustomEvent('nbruns-filtered'));
  };
  input.addEventListener('input', apply);
  input.addEventListener('keydown', event => event.stopPropagation());
  return {
    input,
    none,
    // Worth its line only where there is much to look through.
    offer(count) {
      input.hidden = count <= 12 && !input.value;
      if (input.value) apply();
    },
    clear() {
      input.value = '';
      none.hidden = true;
    }
  };
}

function copyButton(label, text, className = 'nbruns-copy') {
  const button = iconButton('copy', label, className, async event => {
    event.stopPropagation();
    await copyText(await text(), button);
  });
  return button;
}

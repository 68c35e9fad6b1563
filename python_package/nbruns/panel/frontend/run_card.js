const FEW = 6;

function pairs(rows, className) {
  const body = make('tbody');
  for (const { name, text, full } of rows)
    body.append(
      make(
        'tr',
        { 'data-name': name },
        make('th', { scope: 'row', title: name, text: name }),
        make('td', { title: full ?? text }, make('span', { class: 'nbruns-value', text }))
      )
    );
  return make('table', { class: `nbruns-pairs ${className}` }, body);
}

function render({ model, el }) {
  const folded = new Set();
  const unfolded = new Set();

  function fold(title, count, ...content) {
    const details = make(
      'details',
      { class: 'nbruns-section', open: !folded.has(title) },
      make('summary', {}, make('span', { text: title }), count ? make('span', { class: 'nbruns-sectionCount', text: String(count) }) : null),
      ...content
    );
    details.addEventListener('toggle', () => folded[details.open ? 'delete' : 'add'](title));
    return details;
  }

  function modelBox(item) {
    const box = make('div', { class: 'nbruns-model', 'data-model-id': item.id });
    box.append(
      make(
        'div',
        { class: 'nbruns-modelHead' },
        make('span', { class: 'nbruns-modelTitle', title: item.id, text: item.name }),
        item.type ? make('span', { class: 'nbruns-modelType', text: item.type }) : null,
        ...item.badges.map(text => make('span', { class: 'nbruns-badge', title: text, text }))
      )
    );
    for (const [words, columns] of [['Inputs', item.inputs], ['Outputs', item.outputs]]) {
      if (!columns.length) continue;
      const list = make('div', { class: 'nbruns-columns' });
      const add = column =>
        make('span', { class: 'nbruns-column', title: `${column.name} (${column.type})` }, make('span', { class: 'nbruns-ellipsis', text: column.name }), make('span', { class: 'nbruns-columnType', text: column.type }));
      const open = unfolded.has(item.id + words);
      const rest = open ? 0 : columns.length - FEW;
      list.append(...(rest > 1 ? columns.slice(0, FEW) : columns).map(add));
      if (rest > 1) {
        const more = make('button', { type: 'button', class: 'nbruns-link', text: `${rest} more` });
        more.addEventListener('click', () => {
          unfolded.add(item.id + words);
          more.replaceWith(...columns.slice(FEW).map(add));
        });
        list.append(more);
      }
      box.append(make('div', { class: 'nbruns-columnsTitle', text: words }), list);
    }
    return box;
  }

  function show() {
    const card = model.get('card');
    el.hidden = !card.id;
    if (!card.id) return el.replaceChildren();
    const scrolled = el.parentElement?.scrollTop ?? 0;
    const focused = document.activeElement?.dataset?.part;
    const copy = iconButton('copy', 'Copy the run id', 'nbruns-copyId', () => copyText(card.id, copy));
    const when = make('span', { title: absolute(card.started_ms), text: ago(card.started_ms) });
    const facts = [when, spanSoFar(card.started_ms, card.ended_ms), card.user].filter(Boolean);
    const head = make(
      'div',
      { class: 'nbruns-cardHead' },
      make('div', { class: 'nbruns-cardTitle' }, statusMark(card.status, card.reason), make('span', { class: 'nbruns-name', title: card.name, text: card.name }), copy),
      make('div', { class: 'nbruns-facts' }, ...facts.map(fact => (fact instanceof Node ? fact : make('span', { text: fact }))))
    );
    if (card.reason) head.append(make('div', { class: 'nbruns-reason', text: card.reason }));
    const actions = make('div', { class: 'nbruns-cardActions' });
    const register = make('button', { type: 'button', class: 'nbruns-button nbruns-registerButton', 'data-part': 'register', onclick: () => model.send({ type: 'register' }) }, icon('register'), 'Register model');
    actions.append(register);
    if (card.has_revision) {
      const open = make('button', { type: 'button', class: 'nbruns-button nbruns-openRevision', 'data-part': 'open', title: 'Open the notebook as it was when this run started', onclick: () => model.send({ type: 'open' }) }, icon('code'), 'Code');
      actions.append(open);
    }
    head.append(actions);
    const parts = [head];
    if (card.note) parts.push(make('div', { class: 'nbruns-noteOfRun', text: card.note }));
    if (card.models.length) parts.push(fold(card.models.length > 1 ? 'Models' : 'Model', 0, ...card.models.map(modelBox)));
    if (card.metrics.length) parts.push(fold('Metrics', card.metrics.length, pairs(card.metrics, 'nbruns-metrics')));
    if (card.params.length) parts.push(fold('Parameters', card.params.length, pairs(card.params, 'nbruns-params')));
    if (card.datasets.length) parts.push(fold('Data', 0, pairs(card.datasets, 'nbruns-datasets')));
    if (card.tags.length) parts.push(fold('Tags', card.tags.length, pairs(card.tags, 'nbruns-tags')));
    parts.push(fold('Source', 0, pairs(card.source, 'nbruns-source')));
    el.replaceChildren(...parts);
    if (el.parentElement) el.parentElement.scrollTop = scrolled;
    if (focused) el.querySelector(`[data-part="${focused}"]`)?.focus();
  }

  const clock = setInterval(() => {
    const card = model.get('card');
    if (card.id && el.offsetParent) {
      const [when, took] = el.querySelectorAll('.nbruns-facts > span');
      if (when) say(when, ago(card.started_ms));
      if (took && !card.ended_ms) say(took, spanSoFar(card.started_ms, null));
    }
  }, 1000);
  model.on('change:card', show);
  show();
  // Whoever ticks one run may tick a second, and then wants curves at once.
  const early = setTimeout(() => loadPlotly(model.get('plotly')).catch(() => {}), 300);
  return () => {
    clearInterval(clock);
    clearTimeout(early);
    model.off('change:card', show);
  };
}

export default { render };

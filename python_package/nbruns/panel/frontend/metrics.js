// The metrics of a run: newest values, small curves drawn as they come into sight.

function metricsSection(model) {
  const part = section(model, 'metrics', 'Metrics', { onopen: () => look() });
  const rows = make('div', { role: 'rowgroup' });
  const filter = filterBox('Filter metrics', () => rows.querySelectorAll('[data-name]'));
  const head = make('div', { class: 'nbruns-metricRow nbruns-metricHead', role: 'row' }, ...[['Metric', 'nbruns-metricName'], ['Curve', 'nbruns-sparkCell'], ['Last', 'nbruns-last'], ['Min', 'nbruns-min'], ['Max', 'nbruns-max']].map(([text, name]) => make('span', { role: 'columnheader', class: name, text })));
  const table = make('div', { class: 'nbruns-metrics', role: 'table', 'aria-label': 'Metrics' }, head, rows);
  part.body.append(filter.input, table, filter.none);
  const curves = new Map();
  const unfolded = new Map();
  const inSight = new Set();
  let run = null;
  let asking = 0;

  const eye = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) inSight[isIntersecting ? 'add' : 'delete'](target);
    look();
  }, { rootMargin: '120px' });

  // Scrolling passes many rows that nobody looks at.
  function look() {
    clearTimeout(asking);
    asking = setTimeout(() => {
      const keys = [...inSight].filter(row => row.isConnected).map(row => row.dataset.name);
      if (run && keys.length) model.send({ type: 'look', run, keys });
    }, 60);
  }

  function create(item) {
    const button = make('button', { type: 'button', class: 'nbruns-metricButton', 'aria-expanded': 'false', title: item.name, onclick: () => fold(row) }, make('span', { class: 'nbruns-ellipsis', dir: 'auto', text: item.name }));
    const cell = name => make('span', { class: name, role: 'cell' });
    const row = make('div', { class: 'nbruns-metricRow', role: 'row', 'data-name': item.name }, make('span', { class: 'nbruns-metricName', role: 'rowheader' }, button), ...['nbruns-sparkCell', 'nbruns-last', 'nbruns-min', 'nbruns-max'].map(cell));
    row.querySelector('.nbruns-sparkCell').addEventListener('click', () => fold(row));
    eye.observe(row);
    return row;
  }

  function update(row, item) {
    if (item.text === undefined) return;
    const last = row.querySelector('.nbruns-last');
    say(last, item.text);
    attribute(last, 'title', `${item.full} at step ${item.step}`);
    if (curves.has(item.name)) drawIn(row, curves.get(item.name));
  }

  function drawIn(row, curve) {
    drawSpark(row.querySelector('.nbruns-sparkCell'), curve);
    for (const end of ['min', 'max']) {
      const cell = row.querySelector(`.nbruns-${end}`);
      say(cell, curve[end].text);
      attribute(cell, 'title', curve[end].full);
    }
    attribute(row.querySelector('.nbruns-sparkCell'), 'title', curve.x.length > 1 ? `${curve.min.text} to ${curve.max.text}` : null);
    unfolded.get(row.dataset.name)?.show(curve);
  }

  function fold(row) {
    const name = row.dataset.name;
    const open = !unfolded.has(name);
    attribute(row.querySelector('button'), 'aria-expanded', String(open));
    if (!open) {
      unfolded.delete(name);
      row.nextElementSibling.remove();
      return;
    }
    const curve = curveBox(name);
    unfolded.set(name, curve);
    const below = make('div', { class: 'nbruns-curveRow', role: 'row' }, make('div', { role: 'cell' }, curve.box));
    below.dataset.key = ` ${name}`;
    row.after(below);
    if (curves.has(name)) curve.show(curves.get(name));
  }

  // The unfolded curves are rows too, so that patching leaves them under their metrics.
  const withCurves = items => items.flatMap(item => (unfolded.has(item.name) ? [item, { name: ` ${item.name}` }] : [item]));

  function hear(message) {
    if (message.type === 'metrics') show(message);
    else if (message.run !== run) return;
    else if (message.type === 'metrics-changed')
      for (const item of message.rows) {
        const row = rowOf(item.name);
        if (row) update(row, item);
      }
    else if (message.type === 'curves')
      for (const [name, curve] of Object.entries(message.curves)) {
        curves.set(name, curve);
        const row = rowOf(name);
        if (row) drawIn(row, curve);
      }
  }

  const rowOf = name => rows.querySelector(`[data-name="${CSS.escape(name)}"]`);

  function show(message) {
    if (run !== message.run) {
      run = message.run;
      for (const kept of [curves, unfolded, inSight]) kept.clear();
      eye.disconnect();
      rows.replaceChildren();
      filter.clear();
    }
    patch(rows, withCurves(message.rows), { key: item => item.name, create, update });
    part.count(message.rows.length);
    part.show(message.rows.length > 0);
    table.classList.toggle('nbruns-many', message.rows.length > MANY);
    filter.offer(message.rows.length);
    look();
  }

  part.show(false);
  model.on('msg:custom', hear);
  return {
    ...part,
    stop() {
      eye.disconnect();
      clearTimeout(asking);
      model.off('msg:custom', hear);
    }
  };
}

function line(row) {
  const tr = make('tr', { 'data-name': row.name }, make('th', { scope: 'row', title: row.name, text: row.name }));
  for (const cell of row.cells) {
    const value = make('td', { title: cell.full, class: cell.absent ? 'nbruns-absent' : null }, make('span', { class: 'nbruns-value', text: cell.text }));
    if (cell.delta) value.append(make('span', { class: 'nbruns-delta', title: 'Difference from the first run', text: cell.delta }));
    tr.append(value);
  }
  return tr;
}

function group(title, span, extra = null) {
  return make('tr', { class: 'nbruns-group' }, make('th', { colspan: span, scope: 'colgroup' }, title, extra));
}

function render({ model, el }) {
  const box = make('div', { class: 'nbruns-differencesBox', tabindex: '0', role: 'region', 'aria-label': 'Comparison of the ticked runs' });
  el.append(box);
  let partsShown = false;

  function heads(runs) {
    const tr = make('tr', {}, make('th', { scope: 'col', 'aria-label': 'Name' }));
    for (const run of runs)
      tr.append(
        make(
          'th',
          { scope: 'col', class: 'nbruns-runHead', title: run.name, 'data-run-id': run.id },
          make('span', { class: 'nbruns-swatch', style: `background:${run.colour}`, 'aria-hidden': 'true' }),
          make('span', { class: 'nbruns-ellipsis', text: run.name })
        )
      );
    return make('thead', {}, tr);
  }

  // Parameters that every run has come first; those only some logged wait behind a click.
  function paramsBody(params, span) {
    const whole = params.filter(row => row.cells.every(cell => !cell.absent));
    const parts = params.filter(row => row.cells.some(cell => cell.absent));
    const body = make('tbody', { class: 'nbruns-params' }, group('Parameters that differ', span));
    body.append(...whole.map(line));
    if (!params.length) body.append(make('tr', { class: 'nbruns-same' }, make('th', { colspan: span, text: 'None: all are the same.' })));
    if (parts.length <= 3 || partsShown) body.append(...parts.map(line));
    else {
      const more = make('button', { type: 'button', class: 'nbruns-link nbruns-moreParams', text: `${parts.length} ${whole.length ? 'more ' : ''}that not every run has` });
      const row = make('tr', {}, make('th', { colspan: span }, more));
      more.addEventListener('click', () => {
        partsShown = true;
        row.replaceWith(...parts.map(line));
      });
      body.append(row);
    }
    return body;
  }

  function show() {
    const { runs, params, metrics } = model.get('table');
    const left = box.scrollLeft;
    box.replaceChildren();
    if (!runs.length) return;
    const span = runs.length + 1;
    const table = make('table', { class: 'nbruns-differences', style: `--nbruns-runs: ${runs.length}` }, heads(runs), paramsBody(params, span));
    if (metrics.length) table.append(make('tbody', { class: 'nbruns-metrics' }, group('Metrics', span), ...metrics.map(line)));
    box.append(table);
    box.scrollLeft = left;
  }

  model.on('change:table', show);
  show();
  return () => model.off('change:table', show);
}

export default { render };

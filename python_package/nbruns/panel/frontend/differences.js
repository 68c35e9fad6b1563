function section(title, className, runs, rows) {
  const head = make('tr', {}, make('th', { scope: 'col', class: 'nbruns-corner', text: title }));
  for (const run of runs) {
    head.append(
      make(
        'th',
        { scope: 'col', class: 'nbruns-runHead', title: run.name },
        make('span', { class: 'nbruns-swatch', style: `background:${run.colour}`, 'aria-hidden': 'true' }),
        make('span', { class: 'nbruns-ellipsis', text: run.name })
      )
    );
  }
  const body = make('tbody');
  for (const row of rows) {
    const line = make('tr', { 'data-name': row.name }, make('th', { scope: 'row', title: row.name, text: row.name }));
    for (const cell of row.cells) {
      const value = make('td', { title: cell.full }, make('span', { class: 'nbruns-value', text: cell.text }));
      if (cell.delta) value.append(make('span', { class: 'nbruns-delta', title: 'Difference from the first run', text: cell.delta }));
      line.append(value);
    }
    body.append(line);
  }
  return make('table', { class: `nbruns-differences ${className}` }, make('thead', {}, head), body);
}

function render({ model, el }) {
  const box = make('div', { class: 'nbruns-differencesBox', tabindex: '0', role: 'region', 'aria-label': 'Comparison of the ticked runs' });
  el.append(box);

  function show() {
    const { runs, params, metrics } = model.get('table');
    const left = box.scrollLeft;
    box.replaceChildren();
    if (!runs.length) return;
    if (params.length) box.append(section('Parameters', 'nbruns-params', runs, params));
    else box.append(make('div', { class: 'nbruns-same', text: 'Same parameters in every ticked run.' }));
    if (metrics.length) box.append(section('Metrics', 'nbruns-metrics', runs, metrics));
    box.scrollLeft = left;
  }

  model.on('change:table', show);
  show();
  return () => model.off('change:table', show);
}

export default { render };

// The versions of a model, the newest first.

const HEADS = ['Version', 'Stands at', '', 'Source run', 'By', 'Registered'];

function render({ model, el }) {
  const part = section(model, 'versions', 'Versions');
  const values = make('span', { class: 'nbruns-versionValues' });
  const heads = make('div', { class: 'nbruns-versionRow nbruns-versionHeads', role: 'row' }, ...HEADS.map((text, place) => make('span', { role: 'columnheader', class: 'nbruns-versionCell' }, place === 2 ? values : text)));
  const rows = make('div', { role: 'rowgroup' });
  const table = make('div', { class: 'nbruns-versionTable', role: 'table', 'aria-label': 'Versions' }, make('div', { role: 'rowgroup' }, heads), rows);
  const none = make('div', { class: 'nbruns-nothing', text: 'No versions yet: register a run’s model under this name.' });
  const more = make('button', { type: 'button', class: 'nbruns-button nbruns-showMore', text: 'Show more', onclick: () => model.send({ type: 'more' }) });
  part.body.append(table, none, more);
  el.append(part.node);

  function show() {
    const { name, total = 0, more: isMore, metrics = [], versions = [] } = model.get('table');
    el.hidden = !name;
    part.count(total);
    if (values.dataset.told !== JSON.stringify(metrics)) {
      values.dataset.told = JSON.stringify(metrics);
      values.replaceChildren(...metrics.map(metric => make('span', { class: 'nbruns-versionValue nbruns-ellipsis', title: metric.key, text: metric.label })));
    }
    table.style.setProperty('--nbruns-metrics', String(metrics.length));
    patch(rows, versions, { key: item => `${name} ${item.version}`, create: item => makeVersionRow(model, item), update: (node, item) => showVersionRow(node, item, metrics) });
    table.hidden = !versions.length;
    none.hidden = versions.length > 0;
    more.hidden = !isMore;
  }

  const turn = () => part.look();
  const clock = setInterval(() => el.offsetParent && [...rows.children].forEach(tickVersionRow), 10000);
  model.on('change:table', show);
  model.on('change:turned', turn);
  show();
  return () => {
    clearInterval(clock);
    model.off('change:table', show);
    model.off('change:turned', turn);
  };
}

export default { render };

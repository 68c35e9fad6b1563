// The heads of the columns: what they show, and what the list is sorted by.

function listHeads(model, wish) {
  const node = make('div', { class: 'nbruns-heads', role: 'row' });
  const all = make('input', { type: 'checkbox', class: 'nbruns-clear', 'aria-label': 'Untick all runs', title: 'Untick all runs', disabled: true, onchange: () => wish({ type: 'clear' }) });
  const pickedHead = make('span', { role: 'columnheader', class: 'nbruns-headCell' }, all);
  const statusHead = make('span', { role: 'columnheader', class: 'nbruns-headCell', 'aria-label': 'Status' });
  const actionsHead = make('span', { role: 'columnheader', class: 'nbruns-headCell', 'aria-label': 'Actions' });
  node.append(pickedHead, statusHead, actionsHead);

  function head(column, kind) {
    const order = model.get('order');
    const falling = order === `${column.id} DESC`;
    const rising = order === `${column.id} ASC`;
    const button = make('button', {
      type: 'button',
      class: 'nbruns-head',
      title: `${column.title}: click to sort`,
      'data-key': column.key,
      onclick: () => model.send({ type: 'sort', column: column.id })
    });
    const label = make('span', { class: 'nbruns-headText', dir: 'auto' });
    breakable(label, column.label);
    button.append(label);
    if (column.aggregate && column.aggregate !== 'last') button.append(make('span', { class: 'nbruns-headWhich', text: column.aggregate }));
    if (falling || rising) button.append(make('span', { class: 'nbruns-arrow', 'aria-hidden': 'true', text: falling ? '↓' : '↑' }));
    const sorted = falling ? 'descending' : rising ? 'ascending' : 'none';
    return make('span', { role: 'columnheader', 'aria-sort': sorted, class: `nbruns-headCell nbruns-head-${kind}` }, button);
  }

  // Without a column of its own the list may be sorted by name or duration: the first head says so.
  function firstHead() {
    const [, key] = /^attributes\.(\w+) /.exec(model.get('order')) ?? [];
    const label = { duration: 'Run · duration', run_name: 'Run · name' }[key] ?? 'Run';
    const id = label === 'Run' ? 'attributes.start_time' : `attributes.${key}`;
    return head({ id, key: '', label, title: label === 'Run' ? 'Start time' : label.slice(6) }, 'name');
  }

  return {
    node,
    tick(count) {
      all.checked = all.indeterminate = count > 0;
      all.disabled = !count;
    },
    show(columns) {
      const active = node.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
      const between = [firstHead(), ...columns.map(column => head(column, column.isNumber ? 'metric' : 'words'))];
      for (const old of [...node.children].slice(2, -1)) old.remove();
      actionsHead.before(...between);
      if (active !== undefined) [...node.querySelectorAll('.nbruns-head')].find(b => b.dataset.key === active)?.focus();
    }
  };
}

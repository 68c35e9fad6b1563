function render({ model, el }) {
  const box = make('div', { class: 'nbruns-differencesBox', tabindex: '0', role: 'region', 'aria-label': 'Comparison of the ticked runs' });
  const headBox = make('div', { class: 'nbruns-headBox' });
  const code = make('div', { class: 'nbruns-code' });
  el.append(headBox, code, box);
  box.addEventListener('scroll', () => (headBox.scrollLeft = box.scrollLeft));
  const unfolded = new Set();
  let chosen = null;
  let codeOpen = true;

  function heads(runs) {
    const tr = make('tr', {}, make('th', { scope: 'col', 'aria-label': 'Name' }));
    runs.forEach((run, place) => {
      const label = place ? `Measure the others against ${run.name}` : `${run.name} is the baseline`;
      const choose = make(
        'button',
        { type: 'button', class: 'nbruns-baseline', title: `${run.name}\n${place ? 'Click to make it the baseline' : 'The baseline of the differences'}`, 'aria-label': label, 'aria-pressed': String(!place), 'data-part': run.id, onclick: () => model.send({ type: 'baseline', run_id: run.id }) },
        make('span', { class: 'nbruns-swatch', style: `background:${run.colour}`, 'aria-hidden': 'true' }),
        make('span', { class: 'nbruns-ellipsis', text: run.name })
      );
      const head = make('th', { scope: 'col', class: 'nbruns-runHead', 'data-run-id': run.id }, choose);
      if (run.has_model) {
        const register = iconButton('register', `Register the model of ${run.name}`, 'nbruns-registerRun', () => model.send({ type: 'register', run_id: run.id }));
        register.dataset.part = `register ${run.id}`;
        head.append(register);
      }
      if (!place) head.append(make('span', { class: 'nbruns-delta', text: 'baseline' }));
      tr.append(head);
    });
    return make('thead', {}, tr);
  }

  function line(row) {
    const tr = make('tr', { 'data-name': row.name }, make('th', { scope: 'row', title: row.name, text: row.name }));
    for (const cell of row.cells) {
      const value = make('td', { title: cell.full, class: cell.absent ? 'nbruns-absent' : null }, make('span', { class: 'nbruns-value', text: cell.text }));
      if (cell.delta) value.append(make('span', { class: `nbruns-delta${cell.mood ? ` nbruns-${cell.mood}` : ''}`, title: `Against the baseline${cell.mood ? `: ${cell.mood}` : ''}`, text: cell.delta }));
      tr.append(value);
    }
    return tr;
  }

  // What is the same in all runs waits behind a count.
  function sameRows(part, span) {
    if (!part.same.length) return [];
    const open = unfolded.has(part.key);
    const words = part.same.length === 1 ? `${part.same[0][0]} is the same` : `${part.same.length} are the same`;
    const button = make('button', { type: 'button', class: 'nbruns-link nbruns-sameButton', 'aria-expanded': String(open), 'data-part': `same ${part.key}`, text: open ? `Hide the ${part.same.length} that are the same` : words });
    button.addEventListener('click', () => {
      unfolded[open ? 'delete' : 'add'](part.key);
      show();
    });
    const rows = [make('tr', { class: 'nbruns-same' }, make('th', { colspan: span }, button))];
    if (open) rows.push(...part.same.map(([name, text]) => make('tr', { class: 'nbruns-sameRow', 'data-name': name }, make('th', { scope: 'row', title: name, text: name }), make('td', { colspan: span - 1, title: text, text }))));
    return rows;
  }

  function body(part, span) {
    const title = make('tr', { class: 'nbruns-group' }, make('th', { colspan: span, scope: 'colgroup' }, make('span', { text: part.title })));
    const rows = make('tbody', { class: `nbruns-${part.key}` }, title, ...part.rows.map(line));
    if (part.more) rows.append(make('tr', { class: 'nbruns-same' }, make('th', { colspan: span, text: `${part.more} more rows differ` })));
    rows.append(...sameRows(part, span));
    return rows;
  }

  function show() {
    const { runs, sections } = model.get('table');
    const left = box.scrollLeft;
    const focused = el.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    box.replaceChildren();
    headBox.replaceChildren();
    headBox.hidden = box.hidden = !runs.length;
    if (!runs.length) return;
    const span = runs.length + 1;
    const table = (className, ...parts) => make('table', { class: `nbruns-differences ${className}`, style: `--nbruns-runs: ${runs.length}` }, ...parts);
    const named = make('thead', {}, make('tr', {}, make('th', { scope: 'col' }), ...runs.map(run => make('th', { scope: 'col', text: run.name }))));
    headBox.append(table('nbruns-runHeads', heads(runs)));
    box.append(table('', named, ...sections.map(part => body(part, span))));
    box.scrollLeft = headBox.scrollLeft = left;
    if (focused) [...el.querySelectorAll('[data-part]')].find(node => node.dataset.part === focused)?.focus();
  }

  // Of several runs the reader chooses which one's cells stand beside the baseline's.
  function showCode() {
    const { runs } = model.get('table');
    const { runs: changes = {}, unknown = [] } = model.get('code');
    const told = runs.slice(1).filter(run => changes[run.id]?.words);
    code.hidden = runs.length < 2 || (!told.length && !unknown.length);
    if (code.hidden) return code.replaceChildren();
    if (!told.some(run => run.id === chosen)) chosen = (told.find(run => changes[run.id].cells.length) ?? told[0])?.id;
    const now = changes[chosen];
    const words = make('span', { class: 'nbruns-codeWords', text: now ? now.words : 'not recorded' });
    const summary = make('summary', { class: 'nbruns-codeSummary' }, make('span', { class: 'nbruns-codeName', text: 'Code' }), words);
    const which = picker => {
      picker.append(...told.map(run => make('option', { value: run.id, text: `${run.name}: ${changes[run.id].words}` })));
      picker.value = chosen;
      picker.addEventListener('change', () => {
        chosen = picker.value;
        showCode();
        code.querySelector('select')?.focus();
      });
      return picker;
    };
    const details = make('details', { class: 'nbruns-codeDetails', open: codeOpen && told.length > 0 }, summary);
    details.addEventListener('toggle', () => {
      if (told.length) codeOpen = details.open;
    });
    if (told.length > 1) details.append(which(make('select', { class: 'nbruns-select nbruns-codeRun', 'aria-label': 'Run whose cells are shown beside the baseline' })));
    if (now?.cells.length) {
      const name = runs.find(run => run.id === chosen).name;
      details.append(make('div', { class: 'nbruns-codeHeads' }, make('span', { class: 'nbruns-ellipsis', title: runs[0].name, text: runs[0].name }), make('span', { class: 'nbruns-ellipsis', title: name, text: name })), ...changedCells(now));
    }
    if (unknown.length) {
      const others = unknown.length > 1 ? ` (and ${unknown.length - 1} more like it)` : '';
      details.append(make('div', { class: 'nbruns-remark nbruns-unknown', title: unknown.join('\n'), text: `${unknown[0]}${others}.` }));
    }
    code.replaceChildren(details);
  }

  const showAll = () => {
    show();
    showCode();
  };
  model.on('change:table', showAll);
  model.on('change:code', showCode);
  showAll();
  return () => {
    model.off('change:table', showAll);
    model.off('change:code', showCode);
  };
}

export default { render };

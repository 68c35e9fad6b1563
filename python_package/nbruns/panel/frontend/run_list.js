const SPARE = 12;
const NARROW = 340;
// What a row takes beside its columns, and what each of them takes.
const FIXED = 236;
const COLUMN = 71;

function render({ model, el }) {
  const wanted = wishes(model);
  const wish = asks => {
    wanted.send(asks);
    showRows();
  };
  const heads = listHeads(model, wish);
  const space = make('div', { class: 'nbruns-space', role: 'presentation' });
  const note = listNote(model);
  const snack = snackbar(model);
  const bones = skeleton();
  const scroller = make('div', { class: 'nbruns-scroller', role: 'presentation' }, space);
  const table = make('div', { class: 'nbruns-table', role: 'treegrid', 'aria-label': 'Runs' }, heads.node, scroller);
  el.append(table, bones, note.node, snack.node);

  const rows = new Map();
  const shown = { columns: () => columns, confirm: snack.confirm, wish };
  const carryOut = carriedOut(model);
  let columns = [];
  let asked = null;
  let held = null;
  let prepared = false;

  // A first comparison would wait for Plotly, which holds the page for half a second as it is
  // loaded: not under a hand that moves. What fails here is said by the chart that tries again.
  function prepare() {
    prepared = true;
    loadPlotly(model.get('plotly')).catch(() => undefined);
    model.send({ type: 'near' });
  }

  // -- columns: as many as the width carries, the one sorted by among them

  function fit() {
    const width = table.clientWidth;
    if (!width) return;
    const all = model.get('columns').map((column, place) => ({ ...column, place, isNumber: isNumber(column, place) }));
    const most = width < NARROW ? 1 : Math.max(1, Math.floor((width - FIXED) / COLUMN));
    const fitting = all.slice(0, most);
    const sorted = all.find(column => model.get('order').startsWith(`${column.id} `));
    if (sorted && !fitting.includes(sorted)) fitting[fitting.length - 1] = sorted;
    table.classList.toggle('nbruns-narrow', width < NARROW);
    table.classList.toggle('nbruns-roomy', width >= 520);
    table.style.setProperty('--nbruns-bar', `${scroller.offsetWidth - scroller.clientWidth}px`);
    table.style.setProperty('--nbruns-metrics', fitting.length);
    const same = fitting.length === columns.length && fitting.every((column, place) => JSON.stringify(column) === JSON.stringify(columns[place]));
    columns = fitting;
    if (!same) {
      heads.show(columns);
      for (const row of rows.values()) row.showCells();
    }
  }

  // Numbers stand to the right, words to the left, and so does what stands over them.
  function isNumber(column, place) {
    const cells = model.get('window').rows.map(row => row?.cells[place] ?? {});
    const said = cells.filter(cell => cell.text);
    return column.kind === 'metrics' || cells.some(cell => cell.took) || (said.length > 0 && said.every(cell => cell.number));
  }

  // -- rows

  function showWindow() {
    const { total, moved, heard } = model.get('window');
    asked = null;
    wanted.hear(heard);
    showParts();
    space.style.height = `${(total ?? 0) * ROW}px`;
    table.setAttribute('aria-rowcount', (total ?? 0) + 1);
    showRows();
    // Runs that came in above push the rows down: the reader goes with them.
    if (moved && scroller.scrollTop > 0) scroller.scrollTop += moved * ROW;
    tickTime();
    fit();
  }

  // The picture, and over it what the reader has asked for since.
  function showRows() {
    const { first, rows: data, colours: known, expanded: unfolded } = model.get('window');
    const { colours, expanded } = wanted.over({ colours: known, expanded: unfolded }, carryOut);
    const count = Object.keys(colours).length;
    heads.tick(count);
    // A second run may follow: its curves would wait for what the page now does at rest.
    if (count && !prepared) setTimeout(() => rest(prepare), 300);
    prepared ||= count > 0;
    const there = new Set(data.filter(Boolean).map(item => item.id));
    const spare = [];
    for (const [id, row] of rows) {
      if (there.has(id)) continue;
      rows.delete(id);
      // A row that has the focus is not reused for another run under the reader's fingers.
      if (!row.node.contains(document.activeElement)) spare.push(row);
      row.node.remove();
    }
    // In the page as on the screen, for the Tab key and for screen readers; rows in place stay
    // untouched, since a node that moves loses the focus.
    let next = space.firstChild;
    data.forEach((item, place) => {
      if (!item) return;
      const row = rows.get(item.id) ?? spare.pop() ?? makeRow(model, shown);
      rows.set(item.id, row);
      if (row.node === next) next = next.nextSibling;
      else space.insertBefore(row.node, next);
      const colour = colours[item.id] ?? null;
      row.show({ ...item, colour, alone: Boolean(colour) && count === 1, expanded: expanded.includes(item.id) }, first + place);
    });
    roam();
  }

  function inOrder() {
    return [...rows.values()].sort((a, b) => a.place - b.place);
  }

  function roam(to) {
    held = to ?? [...rows.values()].find(row => row === held) ?? inOrder()[0] ?? null;
    for (const row of rows.values()) row.reach(row === held);
  }

  function look() {
    const { first, total, rows: data } = model.get('window');
    if (!total || !scroller.clientHeight) return;
    const from = Math.floor(scroller.scrollTop / ROW);
    const count = Math.ceil(scroller.clientHeight / ROW) + 1;
    const until = Math.min(from + count, total);
    const isInside = from >= first && until <= first + data.length && data.slice(from - first, until - first).every(Boolean);
    const question = `${from}:${count}:${total}`;
    if (isInside || question === asked) return;
    asked = question;
    model.send({ type: 'look', first: Math.max(0, from - SPARE), count: count + 2 * SPARE });
  }

  // Once to each run that was picked elsewhere, in the middle unless it is in sight.
  let brought = 0;
  function bring() {
    const { place, number } = model.get('brought');
    if (number === brought || !scroller.clientHeight || model.get('window').total === null) return;
    brought = number;
    const top = place * ROW;
    const isInside = top >= scroller.scrollTop && top + ROW <= scroller.scrollTop + scroller.clientHeight;
    if (!isInside) scroller.scrollTop = Math.max(0, top - (scroller.clientHeight - ROW) / 2);
    look();
  }

  let waiting = false;
  scroller.addEventListener('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      look();
    });
  });

  // -- the keyboard

  function go(row, step) {
    const all = inOrder();
    const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(row) + step))];
    roam(next);
    next.node.focus({ preventScroll: true });
    const top = next.place * ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW - scroller.clientHeight;
  }

  const KEYS = {
    ArrowDown: row => go(row, 1),
    ArrowUp: row => go(row, -1),
    PageDown: row => go(row, 8),
    PageUp: row => go(row, -8),
    ' ': row => row.tick(),
    Enter: row => row.only(),
    ContextMenu: row => row.openMenu(),
    F2: row => row.rename(),
    Delete: row => row.data.deleted || model.send({ type: 'act', name: 'delete', run_id: row.data.id }),
    ArrowRight: row => turn(row, false),
    ArrowLeft: row => turn(row, true)
  };

  function turn(row, isOpen) {
    if (row.data.children && row.data.expanded === isOpen) row.turn();
    else if (isOpen && row.data.depth) go(row, inOrder().findLastIndex(r => r.place < row.place && r.data.depth < row.data.depth) - inOrder().indexOf(row));
  }

  scroller.addEventListener('keydown', event => {
    const node = event.target.closest('.nbruns-row');
    const row = node && [...rows.values()].find(candidate => candidate.node === node);
    const key = event.shiftKey && event.key === 'F10' ? 'ContextMenu' : event.key;
    const does = KEYS[key];
    // Buttons and the box of a name have their own meaning for all but the arrows.
    if (!row || !does || event.target.closest('.nbruns-renaming')) return;
    if (event.target !== node && !/^(Arrow|Page)/.test(key)) return;
    does(row);
    event.preventDefault();
    event.stopPropagation();
  });
  scroller.addEventListener('focusin', event => {
    const node = event.target.closest('.nbruns-row');
    const row = node && [...rows.values()].find(candidate => candidate.node === node);
    if (row && row !== held) roam(row);
  });

  // -- parts that take each other's place

  function showParts() {
    const isSaid = note.show();
    const isLoading = !isSaid && model.get('window').total === null;
    bones.hidden = !isLoading;
    table.hidden = isSaid || isLoading;
  }

  function tickTime() {
    for (const row of rows.values()) {
      row.showTimes();
      if (row.data.status === 'RUNNING') row.showCells();
    }
  }

  const refit = () => {
    columns = [];
    fit();
    heads.show(columns);
    rows.forEach(row => row.showCells());
  };
  const listen = [
    ['change:window', showWindow],
    ['change:columns', refit],
    ['change:can', () => rows.forEach(row => row.showButtons())],
    ['change:order', () => (refit(), (scroller.scrollTop = 0))],
    ['change:note', showParts],
    ['change:brought', bring],
    ['change:snack', snack.show]
  ];
  for (const [name, react] of listen) model.on(name, react);

  const clock = setInterval(() => {
    if (!document.hidden && table.offsetParent) tickTime();
  }, 1000);
  const resized = new ResizeObserver(() => {
    fit();
    bring();
    look();
  });
  resized.observe(table);

  const blind = tellSight(model, el);
  refit();
  showWindow();
  const stopFollowing = followPictures(model);
  const waits = [
    whenNear(el, () => {
      fetchPlotly(model.get('plotly'));
      model.send({ type: 'near' });
    }),
    whenQuiet(el, prepare)
  ];
  return () => {
    for (const stop of waits) stop();
    stopFollowing();
    clearInterval(clock);
    blind();
    resized.disconnect();
    for (const [name, react] of listen) model.off(name, react);
  };
}

export default { render };

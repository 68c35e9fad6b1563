const ROW = 44;
const SPARE = 12;
const BEAT_MS = 60_000;

function render({ model, el }) {
  const heads = make('div', { class: 'nbruns-heads', role: 'row' });
  const space = make('div', { class: 'nbruns-space', role: 'presentation' });
  const note = make('div', { class: 'nbruns-note' });
  const scroller = make('div', { class: 'nbruns-scroller', role: 'presentation' }, space);
  const table = make('div', { class: 'nbruns-table', role: 'table', 'aria-label': 'Runs' }, heads, scroller);
  el.append(table, note);

  const rows = new Map();
  let asked = null;
  let shownColumns = 1;

  // -- columns: as many metrics as the width carries

  function fit() {
    const width = table.clientWidth;
    if (!width) return;
    const most = width < 340 ? 1 : Math.floor((width - 250) / 67);
    const count = Math.min(Math.max(1, most), model.get('columns').length);
    table.classList.toggle('nbruns-narrow', width < 340);
    table.classList.toggle('nbruns-roomy', width >= 520);
    table.style.setProperty('--nbruns-bar', `${scroller.offsetWidth - scroller.clientWidth}px`);
    table.style.setProperty('--nbruns-metrics', count);
    if (count !== shownColumns) {
      shownColumns = count;
      showHeads();
      for (const row of rows.values()) row.showCells();
    }
  }

  function showHeads() {
    const order = model.get('order');
    const head = column => {
      const falling = order === `${column.order} DESC`;
      const rising = order === `${column.order} ASC`;
      const button = make('button', {
        type: 'button',
        class: 'nbruns-head',
        title: `${column.title}: click to sort`,
        'data-key': column.key,
        onclick: () => model.send({ type: 'sort', column: column.order })
      });
      const label = make('span', { class: 'nbruns-headText' });
      breakable(label, column.label);
      button.append(label);
      if (falling || rising) button.append(make('span', { class: 'nbruns-arrow', 'aria-hidden': 'true', text: falling ? '↓' : '↑' }));
      const sorted = falling ? 'descending' : rising ? 'ascending' : 'none';
      return make('span', { role: 'columnheader', 'aria-sort': sorted, class: `nbruns-headCell nbruns-head-${column.kind}` }, button);
    };
    const active = document.activeElement?.dataset?.key;
    const all = make('input', {
      type: 'checkbox',
      class: 'nbruns-clear',
      'aria-label': 'Untick all runs',
      title: 'Untick all runs',
      onchange: () => model.send({ type: 'clear' })
    });
    all.checked = model.get('ticked_count') > 0;
    all.indeterminate = all.checked;
    all.disabled = !all.checked;
    heads.replaceChildren(
      make('span', { role: 'columnheader', class: 'nbruns-headCell' }, all),
      make('span', { role: 'columnheader', class: 'nbruns-headCell', 'aria-label': 'Status' }),
      head({ key: '', label: 'Run', title: 'Start time', order: 'attributes.start_time', kind: 'name' }),
      ...model
        .get('columns')
        .slice(0, shownColumns)
        .map(column => head({ ...column, kind: 'metric' })),
      make('span', { role: 'columnheader', class: 'nbruns-headCell', 'aria-label': 'Actions' })
    );
    if (active !== undefined) [...heads.querySelectorAll('.nbruns-head')].find(b => b.dataset.key === active)?.focus();
  }

  // -- rows

  function makeRow() {
    const tick = make('input', { type: 'checkbox', class: 'nbruns-tick', 'data-part': 'tick' });
    const status = statusMark('SCHEDULED');
    const name = make('span', { class: 'nbruns-name' });
    const child = make('span', { class: 'nbruns-child', title: 'Nested run' }, icon('child'));
    const chip = make('span', { class: 'nbruns-badge' });
    const when = make('span', { class: 'nbruns-when' });
    const took = make('span', { class: 'nbruns-took' });
    const first = make('div', { class: 'nbruns-line', role: 'cell' }, child, name);
    const second = make('div', { class: 'nbruns-line nbruns-sub', role: 'cell' }, chip, when, took);
    const open = iconButton('code', 'Open the code of this run', 'nbruns-revision', () => model.send({ type: 'open', run_id: row.data.id }));
    const register = iconButton('register', 'Register the model of this run', 'nbruns-register', () => model.send({ type: 'register', run_id: row.data.id }));
    const actions = make('div', { class: 'nbruns-actions', role: 'cell' }, register, open);
    const node = make('div', { class: 'nbruns-row', role: 'row', tabindex: '-1' }, make('span', { role: 'cell', class: 'nbruns-tickCell' }, tick), make('span', { role: 'cell', class: 'nbruns-statusCell' }, status), first, second, actions);
    const cells = [];

    tick.addEventListener('change', () => model.send({ type: 'tick', run_id: row.data.id }));
    node.addEventListener('click', event => {
      if (event.target.closest('button, input') || String(window.getSelection())) return;
      const many = event.ctrlKey || event.metaKey || event.shiftKey;
      model.send({ type: many ? 'tick' : 'only', run_id: row.data.id });
    });

    const row = {
      node,
      tick,
      data: null,
      place: -1,
      show(data, place) {
        if (place !== row.place) {
          row.place = place;
          node.style.transform = `translateY(${place * ROW}px)`;
          node.setAttribute('aria-rowindex', place + 2);
        }
        const before = row.data;
        row.data = data;
        if (JSON.stringify(before) === JSON.stringify(data)) return;
        attribute(node, 'data-run-id', data.id);
        attribute(node, 'data-status', data.status);
        tick.checked = data.colour !== null;
        attribute(tick, 'aria-label', `Tick ${data.name}`);
        node.classList.toggle('nbruns-ticked', data.colour !== null);
        node.style.setProperty('--nbruns-colour', data.colour ?? 'transparent');
        setStatus(status, data.status, data.reason);
        child.hidden = !data.nested;
        say(name, data.name);
        attribute(name, 'title', data.hover);
        chip.hidden = !data.badge;
        say(chip, data.badge);
        attribute(chip, 'title', data.badge_full);
        open.hidden = !data.has_revision;
        register.hidden = !data.has_model;
        row.showTimes();
        row.showCells(before?.id === data.id);
      },
      showTimes() {
        say(when, ago(row.data.started_ms));
        attribute(when, 'title', absolute(row.data.started_ms));
        say(took, spanSoFar(row.data.started_ms, row.data.ended_ms));
        attribute(took, 'title', row.data.ended_ms ? 'Duration' : 'Running for');
      },
      showCells(moving = false) {
        while (cells.length > shownColumns) cells.pop().remove();
        while (cells.length < shownColumns) {
          const cell = make('span', { class: 'nbruns-metric', role: 'cell' });
          cells.push(cell);
          node.insertBefore(cell, actions);
        }
        cells.forEach((cell, place) => {
          const [text, full] = row.data.cells[place] ?? ['', ''];
          const moved = moving && cell.textContent !== text && row.data.status === 'RUNNING';
          say(cell, text);
          attribute(cell, 'title', full);
          if (moved) {
            cell.classList.remove('nbruns-moved');
            void cell.offsetWidth;
            cell.classList.add('nbruns-moved');
          }
        });
      }
    };
    return row;
  }

  function showWindow() {
    const { first, total, rows: data } = model.get('window');
    asked = null;
    space.style.height = `${total * ROW}px`;
    table.setAttribute('aria-rowcount', total + 1);
    const wanted = new Set(data.map(item => item.id));
    const spare = [];
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      rows.delete(id);
      // A row that has the focus is not reused for another run under the reader's fingers.
      if (!row.node.contains(document.activeElement)) spare.push(row);
      row.node.remove();
    }
    // In the page as on the screen, for the Tab key and for screen readers; rows in place stay
    // untouched, since a node that moves loses the focus.
    let next = space.firstChild;
    data.forEach((item, place) => {
      const row = rows.get(item.id) ?? spare.pop() ?? makeRow();
      rows.set(item.id, row);
      if (row.node === next) next = next.nextSibling;
      else space.insertBefore(row.node, next);
      row.show(item, first + place);
    });
    roam();
    tickTime();
  }

  function roam() {
    const inOrder = [...rows.values()].sort((a, b) => a.place - b.place);
    const held = inOrder.find(row => row.node.tabIndex === 0) ?? inOrder[0];
    for (const row of inOrder) row.node.tabIndex = row === held ? 0 : -1;
  }

  function look() {
    const { first, total, more, rows: data } = model.get('window');
    const from = Math.floor(scroller.scrollTop / ROW);
    const count = Math.ceil(scroller.clientHeight / ROW) + 1;
    const until = Math.min(from + count, total);
    const inside = from >= first && until <= first + data.length;
    const nearEnd = more && until + SPARE >= total;
    const question = `${from}:${count}:${total}`;
    if ((inside && !nearEnd) || question === asked || !scroller.clientHeight) return;
    asked = question;
    model.send({ type: 'look', first: Math.max(0, from - SPARE), count: count + 2 * SPARE });
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

  scroller.addEventListener('keydown', event => {
    const node = event.target.closest('.nbruns-row');
    const row = node && [...rows.values()].find(candidate => candidate.node === node);
    if (!row) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) {
      const inOrder = [...rows.values()].sort((a, b) => a.place - b.place);
      const next = inOrder[Math.min(inOrder.length - 1, Math.max(0, inOrder.indexOf(row) + steps[event.key]))];
      row.node.tabIndex = -1;
      next.node.tabIndex = 0;
      next.node.focus({ preventScroll: true });
      const top = next.place * ROW;
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW - scroller.clientHeight;
    } else if (event.target === node && event.key === ' ') {
      model.send({ type: 'tick', run_id: row.data.id });
    } else if (event.target === node && event.key === 'Enter') {
      model.send({ type: 'only', run_id: row.data.id });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // -- the words in place of rows

  function showNote() {
    const said = model.get('note');
    table.hidden = Boolean(said.title);
    note.hidden = !said.title;
    note.replaceChildren();
    if (!said.title) return;
    note.append(
      icon(said.icon ?? 'runs'),
      make('div', { class: 'nbruns-noteTitle', text: said.title }),
      make('div', { class: 'nbruns-noteText', text: said.text ?? '' })
    );
    if (said.code) note.append(make('code', { class: 'nbruns-noteCode', text: said.code }));
    if (said.action)
      note.append(
        make('button', {
          type: 'button',
          class: 'nbruns-button nbruns-noteAction',
          text: said.action,
          onclick: () => model.send({ type: 'retry' })
        })
      );
  }

  function tickTime() {
    for (const row of rows.values()) row.showTimes();
  }

  const listen = [
    ['change:window', showWindow],
    ['change:columns', () => (fit(), showHeads(), rows.forEach(row => row.showCells()))],
    ['change:order', () => (showHeads(), (scroller.scrollTop = 0))],
    ['change:ticked_count', showHeads],
    ['change:note', showNote]
  ];
  for (const [name, react] of listen) model.on(name, react);

  const clock = setInterval(() => {
    if (!document.hidden && table.offsetParent) tickTime();
  }, 1000);
  const resized = new ResizeObserver(() => {
    fit();
    look();
  });
  resized.observe(table);

  // -- a panel nobody sees asks the server for nothing

  // Other pages may show this list too: each view speaks for itself.
  const view = Math.random().toString(36).slice(2);
  let inSight = false;
  const isSeen = () => inSight && !document.hidden;
  const tellSeen = () => model.send({ type: 'seen', view, seen: isSeen() });
  const seen = new IntersectionObserver(entries => {
    inSight = entries[entries.length - 1].isIntersecting;
    tellSeen();
  });
  seen.observe(el);
  document.addEventListener('visibilitychange', tellSeen);
  // A page that is closed says nothing: Python believes it for two and a half minutes.
  const beat = setInterval(() => {
    if (isSeen()) tellSeen();
  }, BEAT_MS);

  fit();
  showHeads();
  showNote();
  showWindow();
  return () => {
    clearInterval(clock);
    clearInterval(beat);
    document.removeEventListener('visibilitychange', tellSeen);
    resized.disconnect();
    seen.disconnect();
    for (const [name, react] of listen) model.off(name, react);
  };
}

export default { render };

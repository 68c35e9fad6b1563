// One row of the list: what it shows, and what can be pressed on it.

const ROW = 44;
const DEEPEST = 6;

function makeRow(model, shown) {
  const act = (name, more = {}) => model.send({ type: 'act', name, run_id: row.data.id, ...more });
  const tick = make('input', { type: 'checkbox', class: 'nbruns-tick', tabindex: '-1' });
  const status = statusMark('SCHEDULED');
  const fold = make('button', { type: 'button', class: 'nbruns-fold', tabindex: '-1', onclick: () => row.turn() }, icon('fold'), make('span', { class: 'nbruns-foldCount' }));
  const parentName = make('span', { class: 'nbruns-parentName', dir: 'auto' });
  const parent = make('span', { class: 'nbruns-parent' }, parentName);
  const name = make('span', { class: 'nbruns-name', dir: 'auto' });
  const chip = make('button', { type: 'button', class: 'nbruns-badge', dir: 'auto', tabindex: '-1', onclick: () => act('version', { place: row.data.badge_place }) });
  const hidden = make('span', { class: 'nbruns-mark nbruns-hiddenMark', role: 'img' }, icon('warning'));
  const change = make('span', { class: 'nbruns-mark nbruns-change', role: 'img' });
  const when = make('span', { class: 'nbruns-when' });
  const took = make('span', { class: 'nbruns-took' });
  const first = make('div', { class: 'nbruns-line', role: 'gridcell' }, fold, parent, name);
  const second = make('div', { class: 'nbruns-line nbruns-sub', role: 'gridcell' }, chip, hidden, change, when, took);
  const open = iconButton('code', 'Open the code of this run', 'nbruns-revision', () => act('open'));
  const register = iconButton('register', 'Register the model of this run', 'nbruns-register', () => act('register'));
  const restore = iconButton('undo', 'Restore this run', 'nbruns-restore', () => act('restore'));
  const more = iconButton('more', 'More about this run', 'nbruns-more', () => row.openMenu());
  attribute(more, 'aria-haspopup', 'menu');
  const buttons = [more, register, open, restore];
  const actions = make('div', { class: 'nbruns-actions', role: 'gridcell' }, ...buttons);
  const node = make('div', { class: 'nbruns-row', role: 'row', tabindex: '-1' }, make('span', { role: 'gridcell', class: 'nbruns-tickCell' }, tick), make('span', { role: 'gridcell', class: 'nbruns-statusCell' }, status), first, second, actions);
  const cells = [];
  let renaming = null;

  tick.addEventListener('change', () => row.tick(tick.checked));
  node.addEventListener('click', event => {
    if (event.target.closest('button, input') || String(window.getSelection())) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) row.tick();
    else row.only();
  });
  node.addEventListener('contextmenu', event => {
    if (event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    row.openMenu();
  });
  name.addEventListener('dblclick', () => row.rename());

  const row = {
    node,
    data: null,
    place: -1,
    tick: (ticked = row.data.colour === null) => shown.wish({ type: 'tick', run_id: row.data.id, ticked }),
    only: () => shown.wish(row.data.alone ? { type: 'clear' } : { type: 'only', run_id: row.data.id }),
    turn: () => shown.wish({ type: 'expand', run_id: row.data.id, expanded: !row.data.expanded }),
    openMenu() {
      menu(more, `Actions for ${row.data.name}`, rowEntries(row.data, model, { rename: row.rename, turn: row.turn, confirm: shown.confirm }));
    },
    rename() {
      if (renaming || row.data.deleted) return;
      const input = make('input', { class: 'nbruns-renaming', 'aria-label': 'Name of the run', maxlength: 250 });
      input.value = row.data.name;
      const done = keep => {
        if (!renaming) return;
        renaming = null;
        const text = input.value.trim();
        input.remove();
        name.hidden = false;
        if (keep && text && text !== row.data.name) {
          say(name, text);
          act('rename', { text });
        }
        if (keep !== null) node.focus({ preventScroll: true });
      };
      input.addEventListener('keydown', event => {
        if (event.key === 'Enter') done(true);
        else if (event.key === 'Escape') done(false);
        event.stopPropagation();
      });
      input.addEventListener('blur', () => done(renaming ? null : false));
      renaming = input;
      name.hidden = true;
      name.after(input);
      input.focus();
      input.select();
    },
    reach(isHeld) {
      node.tabIndex = isHeld ? 0 : -1;
      for (const part of [tick, fold, chip, ...buttons]) part.tabIndex = isHeld ? 0 : -1;
    },
    show(data, place, count) {
      if (place !== row.place) {
        row.place = place;
        node.style.transform = `translateY(${place * ROW}px)`;
        node.setAttribute('aria-rowindex', place + 2);
      }
      const before = row.data;
      row.data = data;
      if (JSON.stringify(before) === JSON.stringify(data)) return;
      const isSame = before?.id === data.id;
      if (!isSame && renaming) {
        renaming.remove();
        renaming = null;
        name.hidden = false;
      }
      attribute(node, 'data-run-id', data.id);
      attribute(node, 'data-status', data.status);
      attribute(node, 'aria-level', data.depth + 1);
      attribute(node, 'aria-expanded', data.children ? String(data.expanded) : null);
      attribute(node, 'aria-selected', String(data.colour !== null));
      tick.checked = data.colour !== null;
      attribute(tick, 'aria-label', `Tick ${data.name}`);
      node.classList.toggle('nbruns-ticked', data.colour !== null);
      node.style.setProperty('--nbruns-colour', data.colour ?? 'transparent');
      node.style.setProperty('--nbruns-depth', Math.min(data.depth, DEEPEST));
      setStatus(status, data.status, data.reason);
      row.showFold();
      say(parentName, data.parent);
      attribute(parent, 'title', data.parent ? `Nested in ${data.parent}` : null);
      parent.hidden = !data.parent;
      if (!renaming) say(name, data.name);
      attribute(name, 'title', data.hover);
      chip.hidden = !data.badge;
      say(chip, data.badge);
      attribute(chip, 'title', data.badge ? `${data.badge_full}\nOpen this version` : null);
      row.showMarks();
      row.showButtons();
      row.showTimes();
      row.showCells(isSame);
    },
    showButtons() {
      const { deleted, has_revision: hasCode, has_model: hasModel } = row.data;
      open.hidden = deleted || !hasCode || !model.get('can').open;
      register.hidden = deleted || !hasModel;
      restore.hidden = !deleted;
    },
    showFold() {
      const { children, expanded } = row.data;
      fold.hidden = !children;
      fold.classList.toggle('nbruns-foldOpen', expanded);
      say(fold.lastChild, children);
      const words = `${expanded ? 'Fold' : 'Show'} ${children} nested ${children === 1 ? 'run' : 'runs'}`;
      attribute(fold, 'aria-label', words);
      attribute(fold, 'title', words);
    },
    showMarks() {
      const { change: said, hidden_state: why } = row.data;
      hidden.hidden = !why;
      const warning = why ? `Not reproducible top to bottom: ${why}` : null;
      attribute(hidden, 'title', warning);
      attribute(hidden, 'aria-label', warning);
      change.hidden = !said;
      const words = said === 'unchanged' ? 'Same code as the run before' : `Code changed since the run before: ${said}`;
      if (change.dataset.said !== said) {
        change.dataset.said = said;
        change.replaceChildren(icon(said === 'unchanged' ? 'same' : 'changed'));
        change.classList.toggle('nbruns-unchanged', said === 'unchanged');
      }
      attribute(change, 'title', said ? words : null);
      attribute(change, 'aria-label', said ? words : null);
    },
    showTimes() {
      say(when, ago(row.data.started_ms));
      attribute(when, 'title', absolute(row.data.started_ms));
      say(took, spanSoFar(row.data.started_ms, row.data.ended_ms));
      attribute(took, 'title', row.data.ended_ms ? 'Duration' : 'Running for');
    },
    showCells(isMoving = false) {
      const columns = shown.columns();
      while (cells.length > columns.length) cells.pop().node.remove();
      while (cells.length < columns.length) {
        const cell = makeCell();
        cells.push(cell);
        node.insertBefore(cell.node, actions);
      }
      cells.forEach((cell, place) => cell.show(row.data.cells[columns[place].place] ?? {}, columns[place], row.data, isMoving));
    }
  };
  return row;
}

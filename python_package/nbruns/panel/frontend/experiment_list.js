// The list of experiments: search, choose, rename, delete with a way back, the trash.

function render({ model, el }) {
  const search = make('input', {
    type: 'search',
    class: 'nbruns-input nbruns-experimentSearch',
    placeholder: 'Search experiments and notebooks',
    'aria-label': 'Search experiments and notebooks'
  });
  const trash = make('button', { type: 'button', class: 'nbruns-iconButton nbruns-trashToggle' });
  trash.append(icon('trash'));
  const back = iconButton('back', 'Back to the runs', 'nbruns-back', () => model.send({ type: 'back' }));
  const title = make('span', { class: 'nbruns-experimentsTitle', text: 'Experiments' });
  const said = make('div', { class: 'nbruns-experimentSaid', role: 'alert', hidden: true });
  const undo = make('div', { class: 'nbruns-experimentUndo', role: 'status', hidden: true });
  const lines = make('div', { class: 'nbruns-experimentLines', role: 'list' });
  const none = make('div', { class: 'nbruns-experimentNone', hidden: true });
  const more = make('button', { type: 'button', class: 'nbruns-button nbruns-experimentMore', text: 'Show more', hidden: true });
  el.append(
    make('div', { class: 'nbruns-experimentsHead' }, back, title, trash),
    make('div', { class: 'nbruns-experimentTools' }, search),
    said,
    undo,
    make('div', { class: 'nbruns-experimentScroller' }, lines, none, more)
  );

  const wanted = wishes(model);
  let typing = 0;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      typing = 0;
      wanted.send({ type: 'search', text: search.value });
    }, 150);
  });
  search.addEventListener('keydown', event => {
    if (event.key === 'ArrowDown') lines.querySelector('.nbruns-experimentChoose')?.focus();
    else if (event.key === 'Escape' && !search.value) model.send({ type: 'back' });
    else return;
    event.preventDefault();
  });
  trash.addEventListener('click', () => model.send({ type: 'trash', on: !model.get('about').trash }));
  more.addEventListener('click', () => model.send({ type: 'more' }));
  lines.addEventListener('keydown', event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.tagName === 'INPUT') return;
    const all = [...lines.querySelectorAll('.nbruns-experimentChoose')];
    const next = all[all.indexOf(event.target.closest('.nbruns-experiment')?.querySelector('.nbruns-experimentChoose')) + step];
    (next ?? (step < 0 ? search : null))?.focus();
    event.preventDefault();
  });

  let drawn = new Map();
  let editing = null;
  let undoTimer = 0;

  function offerUndo(line) {
    clearTimeout(undoTimer);
    const restore = make('button', {
      type: 'button',
      class: 'nbruns-link',
      text: 'Undo',
      onclick: () => {
        undo.hidden = true;
        model.send({ type: 'restore', id: line.id });
      }
    });
    undo.replaceChildren(make('span', { class: 'nbruns-ellipsis', text: `“${line.name}” is in the trash` }), restore);
    undo.hidden = false;
    undoTimer = setTimeout(() => (undo.hidden = true), 8000);
  }

  function rename(line, node) {
    editing = line.id;
    const field = make('input', { class: 'nbruns-input', value: line.name, 'aria-label': 'Name of the experiment' });
    const done = save => {
      if (editing !== line.id) return;
      editing = null;
      drawn.delete(line.id);
      const value = field.value.trim();
      if (save && value && value !== line.name) model.send({ type: 'rename', id: line.id, value });
      show();
    };
    field.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key !== 'Enter' && event.key !== 'Escape') return;
      // The focus goes back to the line's button, which the rest of this key would press.
      event.preventDefault();
      done(event.key === 'Enter');
    });
    field.addEventListener('blur', () => done(true));
    node.querySelector('.nbruns-experimentChoose').replaceWith(make('div', { class: 'nbruns-experimentRename' }, field));
    field.focus();
    field.select();
  }

  function makeLine(line, about) {
    const current = line.id === about.current;
    const runs = line.runs === 1 ? '1 run' : `${line.runs.toLocaleString()} runs`;
    const used = line.newest_ms ? ago(line.newest_ms) : 'never used';
    const name = make('span', { class: 'nbruns-name', text: line.name, title: line.name });
    const first = make('span', { class: 'nbruns-line' }, name);
    if (line.running) first.append(statusMark('RUNNING', `${line.running} running`));
    if (current) first.append(make('span', { class: 'nbruns-badge', text: 'this notebook' }));
    const where = line.path + (line.is_gone ? ' (deleted)' : '');
    const second = make(
      'span',
      { class: 'nbruns-sub' },
      make('span', { text: runs }),
      make('span', { text: used, title: line.newest_ms ? absolute(line.newest_ms) : null }),
      where ? make('span', { class: 'nbruns-ellipsis nbruns-experimentPath', text: where, title: where }) : null
    );
    const choose = make(
      'button',
      {
        type: 'button',
        class: 'nbruns-experimentChoose',
        'aria-current': current ? 'true' : null,
        title: line.note || null,
        disabled: about.trash,
        onclick: () => model.send({ type: 'choose', id: line.id })
      },
      icon(line.path ? 'notebook' : 'flask'),
      make('span', { class: 'nbruns-experimentText' }, first, second)
    );
    const node = make('div', { class: 'nbruns-experiment', role: 'listitem', 'data-experiment-id': line.id }, choose);
    const actions = make('span', { class: 'nbruns-actions' });
    if (about.trash) {
      actions.append(iconButton('undo', 'Take out of the trash', '', () => model.send({ type: 'restore', id: line.id })));
    } else {
      actions.append(
        iconButton('edit', 'Rename', 'nbruns-renameExperiment', () => rename(line, node)),
        iconButton('trash', 'Delete', 'nbruns-deleteExperiment', () => {
          offerUndo(line);
          model.send({ type: 'delete', id: line.id });
        })
      );
    }
    node.append(actions);
    return node;
  }

  // A line that says the same stays as it is: under a finger that presses, and with the focus.
  function showLines(found, about) {
    const focused = lines.contains(document.activeElement) && document.activeElement.closest('.nbruns-experiment')?.dataset.experimentId;
    const before = drawn;
    drawn = new Map(
      found.map(line => {
        const said = JSON.stringify([line, about.trash, about.current, ago(line.newest_ms)]);
        const known = before.get(line.id);
        return [line.id, known?.said === said && known.node.isConnected ? known : { said, node: makeLine(line, about) }];
      })
    );
    let next = lines.firstChild;
    for (const { node } of drawn.values()) {
      if (node === next) next = next.nextSibling;
      else lines.insertBefore(node, next);
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
    const node = focused && drawn.get(focused)?.node;
    if (node && !node.contains(document.activeElement)) node.querySelector('.nbruns-experimentChoose').focus();
  }

  function show() {
    if (editing) return;
    const about = model.get('about');
    const found = model.get('lines');
    wanted.hear(about.heard);
    showLines(found, about);
    if (document.activeElement !== search && !typing && !wanted.isOpen('search')) search.value = about.text;
    say(title, about.title || (about.trash ? 'Deleted experiments' : 'Experiments'));
    attribute(title, 'title', title.textContent);
    trash.hidden = Boolean(about.title);
    const words = about.trash ? 'Leave the trash' : 'Show deleted experiments';
    attribute(trash, 'title', words);
    attribute(trash, 'aria-label', words);
    attribute(trash, 'aria-pressed', String(about.trash));
    more.hidden = !about.more;
    back.hidden = !about.way_back;
    none.hidden = found.length > 0;
    say(none, about.text ? `No experiment or notebook is called “${about.text}”.` : about.trash ? 'The trash is empty.' : 'No experiments yet: the first run of a notebook makes one.');
    said.hidden = !about.said;
    say(said, about.said);
  }

  model.on('change:lines', show);
  model.on('change:about', show);
  show();
  return () => {
    clearTimeout(undoTimer);
    clearTimeout(typing);
    model.off('change:lines', show);
    model.off('change:about', show);
  };
}

export default { render };

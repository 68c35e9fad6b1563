// What is said in place of rows, and over them for a while.

const SNACK_MS = 8000;

function listNote(model) {
  const node = make('div', { class: 'nbruns-note' });
  return {
    node,
    show() {
      const said = model.get('note');
      node.hidden = !said.title;
      node.replaceChildren();
      if (!said.title) return false;
      node.append(
        icon(said.icon ?? 'runs'),
        make('div', { class: 'nbruns-noteTitle', text: said.title }),
        make('div', { class: 'nbruns-noteText', dir: 'auto', text: said.text ?? '' })
      );
      if (said.code) node.append(make('code', { class: 'nbruns-noteCode', text: said.code }));
      if (said.action)
        node.append(
          make('button', {
            type: 'button',
            class: 'nbruns-button nbruns-noteAction',
            text: said.action,
            onclick: () => model.send({ type: 'act', name: said.does ?? 'retry', run_id: '' })
          })
        );
      return true;
    }
  };
}

// Bars where rows are about to be: what comes takes their place and moves nothing.
function skeleton() {
  const bar = width => make('span', { class: 'nbruns-bone', style: `width: ${width}` });
  const rows = [62, 48, 70, 55, 40].map(width => make('div', { class: 'nbruns-boneRow' }, bar(`${width}%`), bar('34%')));
  return make('div', { class: 'nbruns-bones', role: 'status', 'aria-label': 'Loading runs' }, ...rows);
}

function snackbar(model) {
  const text = make('span', { class: 'nbruns-snackText', dir: 'auto' });
  const node = make('div', { class: 'nbruns-snack', role: 'status', hidden: true }, text);
  let timer = 0;

  function put(said, buttons, lasts) {
    clearTimeout(timer);
    say(text, said);
    node.replaceChildren(text, ...buttons);
    node.hidden = false;
    if (lasts) timer = setTimeout(hide, lasts);
  }
  function hide() {
    clearTimeout(timer);
    node.hidden = true;
  }
  const button = (label, does, kind = '') =>
    make('button', { type: 'button', class: `nbruns-snackButton ${kind}`, text: label, onclick: () => (hide(), does()) });

  return {
    node,
    show() {
      const { text: said, action, token } = model.get('snack');
      if (said) put(said, [button(action, () => model.send({ type: 'act', name: 'undo', run_id: '', token })), closer()], SNACK_MS);
    },
    confirm(question, label, does) {
      put(question, [button('Cancel', () => {}), button(label, does, 'nbruns-danger')], 0);
      node.querySelector('button')?.focus();
    }
  };

  function closer() {
    return iconButton('close', 'Dismiss', 'nbruns-snackClose', hide);
  }
}

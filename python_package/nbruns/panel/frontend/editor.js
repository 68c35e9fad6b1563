// Writing in place. What is being written belongs to its writer: no update touches it, and
// where somebody else changed the same thing meanwhile, both are shown.

function editsOf(model) {
  const waiting = new Map();
  let number = 0;
  const hear = message => {
    if (message.type !== 'edited') return;
    waiting.get(message.edit)?.(message);
    waiting.delete(message.edit);
  };
  model.on('msg:custom', hear);
  return {
    send: fields =>
      new Promise(resolve => {
        waiting.set(++number, resolve);
        model.send({ type: 'edit', edit: number, ...fields });
      }),
    stop: () => model.off('msg:custom', hear)
  };
}

// `write(value, seen)` sends; `close(saved)` is called with what was written, or undefined.
function editor({ label, value, seen, rows = 0, placeholder = '', write, close, ondraft = () => {} }) {
  const field = make(rows ? 'textarea' : 'input', { class: 'nbruns-input nbruns-editorField', 'aria-label': label, placeholder, rows: rows || null, spellcheck: rows ? 'true' : 'false', dir: 'auto' });
  field.value = value;
  const trouble = make('div', { class: 'nbruns-formError', role: 'alert', hidden: true });
  const theirs = make('div', { class: 'nbruns-theirs', hidden: true });
  const save = make('button', { type: 'button', class: 'nbruns-button nbruns-primary', text: 'Save', onclick: () => submit(seen) });
  const cancel = make('button', { type: 'button', class: 'nbruns-button', text: 'Cancel', onclick: () => close() });
  const box = make('div', { class: 'nbruns-editor' }, field, trouble, theirs, make('div', { class: 'nbruns-formActions' }, save, cancel));

  async function submit(base) {
    save.disabled = true;
    const result = await write(field.value, base);
    save.disabled = false;
    trouble.hidden = result.outcome !== 'refused';
    say(trouble, result.outcome === 'refused' ? result.text : '');
    theirs.hidden = result.outcome !== 'conflict';
    if (result.outcome === 'saved') close(field.value);
    if (result.outcome === 'conflict') showTheirs(result.text);
  }

  function showTheirs(text) {
    const said = text === null ? 'Meanwhile this was removed.' : 'Meanwhile somebody else wrote:';
    theirs.replaceChildren(
      make('div', { text: said }),
      make('div', { class: 'nbruns-theirText', dir: 'auto', text: text ?? '' }),
      make('div', { class: 'nbruns-formActions' }, make('button', { type: 'button', class: 'nbruns-button nbruns-keepMine', text: 'Write mine over it', onclick: () => submit(text) }), make('button', { type: 'button', class: 'nbruns-button nbruns-takeTheirs', text: text === null ? 'Leave it removed' : 'Keep theirs', onclick: () => close() }))
    );
    theirs.querySelector('.nbruns-theirText').hidden = text === null;
  }

  const grow = () => {
    if (!rows) return;
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight + 2, 360)}px`;
  };
  field.addEventListener('input', () => {
    ondraft(field.value);
    grow();
  });
  field.addEventListener('keydown', event => {
    event.stopPropagation();
    if (event.key === 'Enter' && (!rows || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit(seen);
    } else if (event.key === 'Escape' && (field.value === value || !rows)) close();
  });
  requestAnimationFrame(() => {
    grow();
    field.focus({ preventScroll: true });
    if (!rows) field.select();
  });
  return box;
}

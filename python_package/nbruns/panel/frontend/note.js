// Markdown written in place: the note of a run, the description of a model or a version.

const OF_RUN = { label: 'Note, in Markdown', add: 'Add a note', edit: 'Edit the note', hint: 'What did you try, what came of it? Markdown works.' };

// `may` says whether this reader may write it.
function noteBox(model, edits, words = OF_RUN, may = () => true) {
  const text = make('div', { class: 'nbruns-noteText' });
  const start = make('button', { type: 'button', class: 'nbruns-link nbruns-addNote', text: words.add, onclick: () => edit() });
  const pencil = iconButton('edit', words.edit, 'nbruns-editNote', () => edit());
  const node = make('div', { class: 'nbruns-noteOfRun' }, text, start, pencil);
  // What was begun and not saved waits for its writer's return to the run.
  const drafts = new Map();
  let editing = null;
  let shown = null;

  function draw(note) {
    if (shown !== note) {
      if (shown) releaseHost(text);
      text.replaceChildren();
      if (note) drawMarkdown(text, note);
      shown = note;
    }
    text.hidden = !note;
    start.hidden = Boolean(note) || !may();
    pencil.hidden = !note || !may();
  }

  function edit(draft) {
    const { id, note } = model.get('card');
    const base = drafts.get(id)?.base ?? note;
    editing?.remove();
    editing = editor({
      label: words.label,
      placeholder: words.hint,
      value: draft ?? note,
      seen: base,
      rows: 4,
      write: (value, seen) => edits.send({ kind: 'note', value, seen }),
      ondraft: value => drafts.set(id, { value, base }),
      close(saved) {
        drafts.delete(id);
        editing.remove();
        editing = null;
        node.classList.remove('nbruns-editing');
        draw(saved ?? model.get('card').note);
        (shown ? pencil : start).focus({ preventScroll: true });
      }
    });
    node.classList.add('nbruns-editing');
    node.append(editing);
  }

  return {
    node,
    update(card, isAnother) {
      if (isAnother) {
        editing?.remove();
        editing = null;
        node.classList.remove('nbruns-editing');
        if (drafts.has(card.id)) edit(drafts.get(card.id).value);
      }
      if (!editing) draw(card.note);
    }
  };
}

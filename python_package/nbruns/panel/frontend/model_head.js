// The top of a model's page.

const WORDS = { label: 'Description, in Markdown', add: 'Add a description', edit: 'Edit the description', hint: 'What is it for, what was it trained on, whom to ask? Markdown works.' };

function goneBox(model) {
  const text = make('span', { dir: 'auto' });
  const to = make('button', { type: 'button', class: 'nbruns-link', onclick: () => model.send({ type: 'go', name: model.get('card').new_name }) });
  const node = make('div', { class: 'nbruns-gone', role: 'status' }, text, to);
  return {
    node,
    update(card) {
      node.hidden = !card.is_gone;
      if (!card.is_gone) return;
      const who = card.by ? ` by ${card.by}, ${ago(card.at_ms)}` : '';
      const known = { deleted: `This model was deleted${who}. What was done to it stays in the activity log.`, renamed: `This model was given another name${who}.` };
      say(text, known[card.end] ?? 'No model of this name is registered.');
      attribute(text, 'title', card.at_ms ? absolute(card.at_ms) : null);
      to.hidden = !card.new_name;
      say(to, card.new_name ? `Show ${card.new_name}` : '');
    }
  };
}

function render({ model, el }) {
  const edits = editsOf(model);
  const whole = wholeValues(model);
  const may = () => Boolean(model.get('card').may_edit);
  const name = make('h2', { class: 'nbruns-pageName', dir: 'auto' });
  const rename = iconButton('edit', 'Rename this model', 'nbruns-rename', () => editName());
  const more = menuButton('More about this model', () => menuItems(model.get('card')));
  const title = make('div', { class: 'nbruns-pageTitle' }, icon('register'), name, rename, make('span', { class: 'nbruns-grow' }), more);
  const made = make('span', {}), changed = make('span', {});
  const facts = make('div', { class: 'nbruns-facts' }, made, changed);
  const refused = make('div', { class: 'nbruns-reason', role: 'alert' });
  const gone = goneBox(model);
  const question = make('div', {});
  const note = noteBox(model, edits, WORDS, may);
  const tags = tagsSection(model, whole, edits, may);
  const use = addressSection(model, text => model.send({ type: 'insert', text }));
  el.append(make('div', { class: 'nbruns-pageHead' }, title, facts, refused, gone.node, question), note.node, use.node, tags.node);
  let shown = '';
  let editing = null;

  function editName() {
    if (editing) return;
    const card = model.get('card');
    const done = () => {
      endEditing();
      rename.focus({ preventScroll: true });
    };
    editing = editor({ label: 'Name of the model', value: card.name, seen: card.name, write: (value, base) => edits.send({ kind: 'name', value, seen: base }), close: done });
    editing.querySelector('.nbruns-formActions').append(make('span', { class: 'nbruns-renameNote', text: 'Code that loads it by its old name fails from then on.' }));
    title.classList.add('nbruns-editing');
    title.after(editing);
  }

  function endEditing() {
    editing?.remove();
    editing = null;
    title.classList.remove('nbruns-editing');
  }

  function askToDelete() {
    const card = model.get('card');
    const few = card.held.slice(0, 5).join(', ') + (card.held.length > 5 ? ` and ${card.held.length - 5} more` : '');
    const held = few ? ` Code that loads it by ${few} fails from then on.` : '';
    const close = () => {
      question.replaceChildren();
      more.focus({ preventScroll: true });
    };
    question.replaceChildren(
      confirmation({
        text: `Delete ${card.name} with all its versions?${held} The logged models, their files and the activity log stay.`,
        act: 'Delete',
        does() {
          question.replaceChildren();
          model.send({ type: 'delete' });
        },
        close
      })
    );
  }

  function menuItems(card) {
    const end = card.may_manage ? [null, { text: 'Rename…', does: editName }, { text: 'Delete…', danger: true, does: askToDelete }] : [];
    return [{ text: 'Copy the name', does: () => copyText(card.name) }, ...end];
  }

  function tick() {
    const card = model.get('card');
    say(made, card.created_ms ? `Created ${ago(card.created_ms)}` : '');
    say(changed, card.updated_ms && card.updated_ms !== card.created_ms ? `changed ${ago(card.updated_ms)}` : '');
  }

  function show() {
    const card = model.get('card');
    el.hidden = !card.id;
    if (!card.id) return;
    const isAnother = card.id !== shown;
    shown = card.id;
    if (isAnother) {
      endEditing();
      question.replaceChildren();
    }
    breakable(name, card.name);
    attribute(name, 'title', card.name);
    attribute(made, 'title', absolute(card.created_ms));
    attribute(changed, 'title', absolute(card.updated_ms));
    tick();
    refused.hidden = !card.refused;
    say(refused, card.refused ?? '');
    gone.update(card);
    for (const node of [facts, note.node, tags.node, more]) node.hidden = Boolean(card.is_gone);
    rename.hidden = !card.may_manage;
    use.update(card);
    if (card.is_gone) return;
    note.update(card, isAnother);
    tags.update(card, isAnother);
  }

  const turn = () => [tags, use].forEach(part => part.look());
  const clock = setInterval(() => el.offsetParent && tick(), 10000);
  model.on('change:card', show);
  model.on('change:turned', turn);
  show();
  return () => {
    clearInterval(clock);
    for (const part of [edits, whole]) part.stop();
    model.off('change:card', show);
    model.off('change:turned', turn);
  };
}

export default { render };

// The top of a card: what the run is called, how it stands, what can be done with it.

function cardHead(model, edits, does) {
  const mark = statusMark('SCHEDULED');
  const name = make('span', { class: 'nbruns-name', dir: 'auto' });
  const rename = iconButton('edit', 'Rename this run', 'nbruns-rename', () => editName());
  const menu = menuButton('More about this run', () => does.menu(model.get('card')));
  const title = make('div', { class: 'nbruns-cardTitle' }, mark, name, rename, make('span', { class: 'nbruns-grow' }), menu);
  const when = make('span', {}), took = make('span', {}), user = make('span', { dir: 'auto' }), id = make('span', { class: 'nbruns-runId' });
  const copy = iconButton('copy', 'Copy the run id', 'nbruns-copyId', () => copyText(model.get('card').id, copy));
  const facts = make('div', { class: 'nbruns-facts' }, when, took, user, make('span', { class: 'nbruns-runIdBox' }, id, copy));
  const reason = make('div', { class: 'nbruns-reason' });
  const why = make('div', { class: 'nbruns-why' });
  const hidden = make('div', { class: 'nbruns-hiddenState' });
  const changes = changesBox(model, does);
  const later = make('div', { class: 'nbruns-changedLater' });
  const open = make('button', { type: 'button', class: 'nbruns-button nbruns-openRevision', title: 'Open the notebook as it was when this run started', onclick: () => model.send({ type: 'open' }) }, icon('code'), 'Code');
  const diff = make('button', { type: 'button', class: 'nbruns-button nbruns-diffNow', title: 'Compare with the notebook as it is now', onclick: () => does.command('diff') }, icon('diff'), 'Diff');
  const register = make('button', { type: 'button', class: 'nbruns-button nbruns-registerButton', title: 'Register a model of this run', onclick: () => model.send({ type: 'register' }) }, icon('register'), 'Register');
  const gone = make('div', { class: 'nbruns-gone' }, make('span', { text: 'This run is in the trash.' }), make('button', { type: 'button', class: 'nbruns-link nbruns-undelete', text: 'Restore', onclick: () => model.send({ type: 'restore-run' }) }));
  const node = make('div', { class: 'nbruns-cardHead' }, title, facts, gone, reason, hidden, later, why, changes.node, make('div', { class: 'nbruns-cardActions' }, open, diff, register));
  let editing = null;

  name.addEventListener('dblclick', () => editName());

  function editName() {
    if (editing) return;
    const card = model.get('card');
    const done = saved => {
      editing.remove();
      editing = null;
      title.classList.remove('nbruns-editing');
      say(name, saved ?? model.get('card').name);
      rename.focus();
    };
    editing = editor({ label: 'Name of the run', value: card.name, seen: card.name, write: (value, base) => edits.send({ kind: 'name', value, seen: base }), close: done });
    title.classList.add('nbruns-editing');
    title.after(editing);
  }

  function line(box, text, ...more) {
    box.hidden = !text;
    if (text) box.replaceChildren(make('span', { dir: 'auto', text }), ...more);
  }

  const tick = () => {
    const card = model.get('card');
    say(when, ago(card.started_ms));
    say(took, spanSoFar(card.started_ms, card.ended_ms));
  };
  return {
    node,
    tick,
    changed: changes.show,
    // Whether the reason of the end stands elsewhere.
    explained: told => (reason.hidden = told || !model.get('card').reason),
    update(card, isAnother) {
      if (isAnother && editing) {
        editing.remove();
        editing = null;
        title.classList.remove('nbruns-editing');
      }
      setStatus(mark, card.status, card.reason);
      if (!editing) say(name, card.name);
      attribute(name, 'title', card.name);
      attribute(when, 'title', absolute(card.started_ms));
      attribute(took, 'title', card.ended_ms ? `Ended ${absolute(card.ended_ms)}` : null);
      say(user, card.user);
      user.hidden = !card.user;
      say(id, card.id.slice(0, 8));
      attribute(id, 'title', card.id);
      tick();
      gone.hidden = card.stage !== 'deleted';
      line(reason, card.reason);
      line(hidden, card.hidden_state && `Not reproducible top to bottom: ${card.hidden_state}`);
      line(later, card.changed_later && `Changed after its end: ${card.changed_later}`);
      const known = card.code_change === 'unchanged' ? 'Same code as the run before' : card.code_change && `Since the run before: ${card.code_change}`;
      if (why.dataset.said !== known) {
        why.dataset.said = known;
        line(why, known, changes.button);
      }
      changes.update(card, isAnother);
      open.hidden = diff.hidden = !card.has_revision;
      register.hidden = card.stage === 'deleted' || !card.models.length;
    }
  };
}

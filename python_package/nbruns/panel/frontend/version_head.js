// The top of a version's page.

const OF_VERSION = { label: 'Description, in Markdown', add: 'Add a description', edit: 'Edit the description', hint: 'What is this version for, what should its users know? Markdown works.' };

// Deleting cannot be undone: it is asked for twice, and a refusal stays to be read.
function deletionBox(model, send) {
  const words = make('div', {});
  const trouble = make('div', { class: 'nbruns-formError', role: 'alert', hidden: true });
  const sure = make('button', { type: 'button', class: 'nbruns-button nbruns-dangerButton', text: 'Delete this version', onclick: () => ask() });
  const cancel = make('button', { type: 'button', class: 'nbruns-button', text: 'Cancel', onclick: () => close(true) });
  const node = make('div', { class: 'nbruns-confirmation nbruns-deletion', role: 'alertdialog', 'aria-label': 'Delete this version', hidden: true }, words, trouble, make('div', { class: 'nbruns-formActions' }, sure, cancel));
  let opener = null;

  node.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close(true);
  });

  function ask() {
    sure.disabled = true;
    send('delete');
  }

  function close(focus = false) {
    node.hidden = true;
    if (focus) opener?.focus();
  }

  return {
    node,
    close,
    open(from) {
      const { name, version, aliases, stage } = model.get('card');
      const held = aliases.map(alias => `@${alias}`).join(', ');
      const loses = (stage ? ` It is in ${stage}.` : '') + (held ? ` ${held} will point nowhere.` : '');
      say(words, `Delete version ${version} of ${name}?${loses} Its number is never given again; its run and its files stay.`);
      opener = from;
      trouble.hidden = true;
      sure.disabled = false;
      node.hidden = false;
      cancel.focus();
    },
    refuse(text) {
      trouble.hidden = !text;
      say(trouble, text);
      sure.disabled = false;
      if (text) node.hidden = false;
    }
  };
}

function render({ model, el }) {
  const send = (type, more = {}) => model.send({ type, ...more });
  const edits = editsOf(model);
  const may = () => Boolean(model.get('card').may_edit);
  const name = make('span', { class: 'nbruns-name', dir: 'auto' });
  const number = make('span', { class: 'nbruns-versionNumber' });
  const badges = make('span', { class: 'nbruns-versionBadges' });
  const more = iconButton('more', 'More about this version', 'nbruns-menuButton', () => menu(more, 'More about this version', entries()));
  attribute(more, 'aria-haspopup', 'menu');
  const title = make('div', { class: 'nbruns-cardTitle' }, icon('register'), make('span', { class: 'nbruns-versionName' }, name, ' ', number, ' ', badges), more);
  const address = make('code', { class: 'nbruns-address nbruns-ellipsis' });
  const copy = iconButton('copy', 'Copy the address', 'nbruns-copyAddress', () => copyText(model.get('card').address, copy));
  const user = make('span', { dir: 'auto' }), created = make('span', {}), updated = make('span', {});
  const facts = make('div', { class: 'nbruns-facts' }, created, user, updated);
  const where = make('div', { class: 'nbruns-addressLine' }, address, copy);
  const status = make('div', { class: 'nbruns-reason' });
  const copied = make('div', { class: 'nbruns-why' });
  const deletion = deletionBox(model, send);
  const head = make('div', { class: 'nbruns-cardHead' }, title, facts, where, status, copied, deletion.node);
  const note = noteBox(model, edits, OF_VERSION, may);
  const strip = lineageStrip(send);
  const lost = make('div', { class: 'nbruns-note nbruns-versionGone', role: 'status', hidden: true });
  const page = make('div', {}, head, note.node, strip.node);
  el.append(lost, page);
  let shown = '';

  function entries() {
    const card = model.get('card');
    const address = [{ text: 'Copy the address', hint: card.address, does: () => copyText(card.address) }];
    const end = card.may_delete ? [null, { text: 'Delete this version…', danger: true, does: () => deletion.open(more) }] : [];
    return [...address, ...end];
  }

  const tick = () => {
    const card = model.get('card');
    say(created, card.created_ms ? `Registered ${ago(card.created_ms)}` : '');
    const later = card.updated_ms - card.created_ms > 1000;
    say(updated, later ? `changed ${ago(card.updated_ms)}` : '');
  };

  function drawBadges(card) {
    const told = JSON.stringify([card.aliases, card.stage]);
    if (badges.dataset.told === told) return;
    badges.dataset.told = told;
    badges.replaceChildren(...card.aliases.map(alias => aliasChip(alias)), ...(card.stage ? [stageChip(card.stage)] : []));
  }

  // The version is not there: what can be said of it, and the way back.
  function drawLost(card) {
    lost.replaceChildren(
      make('strong', { dir: 'auto', text: card.gone }),
      make('div', { text: 'What was done with a version stays in the activity when it is deleted.' }),
      make('button', { type: 'button', class: 'nbruns-button', onclick: () => send('go', { to: `models/${card.name}` }) }, icon('back'), make('span', { class: 'nbruns-ellipsis', dir: 'auto', text: `Versions of ${card.name}` }))
    );
  }

  function show() {
    const card = model.get('card');
    const isAnother = card.id !== shown;
    shown = card.id;
    page.hidden = !card.id || Boolean(card.gone);
    lost.hidden = !card.gone;
    if (isAnother) deletion.close();
    if (card.gone) drawLost(card);
    if (page.hidden) return;
    say(name, card.name);
    attribute(name, 'title', card.name);
    say(number, `version ${card.version}`);
    drawBadges(card);
    say(address, card.address);
    attribute(address, 'title', card.address);
    say(user, card.user && `by ${card.user}`);
    attribute(created, 'title', absolute(card.created_ms));
    attribute(updated, 'title', absolute(card.updated_ms));
    tick();
    status.hidden = !card.status;
    say(status, card.status);
    copied.hidden = !card.copied_from;
    if (card.copied_from) copied.replaceChildren(make('span', { text: 'Copied from' }), make('button', { type: 'button', class: 'nbruns-link', dir: 'auto', text: card.copied_from.words, onclick: () => send('go', { to: card.copied_from.to }) }));
    note.update(card, isAnother);
  }

  const listen = { 'change:card': show, 'change:lineage': () => strip.update(model.get('lineage')), 'change:refused': () => deletion.refuse(model.get('refused')) };
  const clock = setInterval(() => el.offsetParent && shown && tick(), 10000);
  for (const [name, react] of Object.entries(listen)) model.on(name, react);
  show();
  strip.update(model.get('lineage'));
  return () => {
    clearInterval(clock);
    edits.stop();
    for (const [name, react] of Object.entries(listen)) model.off(name, react);
  };
}

export default { render };

// Requests that versions be moved: who asks for what and why, and deciding them in place.

const DECISIONS = {
  approve: { word: 'Approve', going: 'Approving…', primary: true },
  reject: { word: 'Reject', going: 'Rejecting…' },
  cancel: { word: 'Cancel request', going: 'Cancelling…' }
};
const OUTCOMES = { approved: 'Approved', rejected: 'Rejected', cancelled: 'Cancelled', overtaken: 'Overtaken' };
const STATE_NAMES = { pending: 'Open', all: 'Open and past', approved: 'Approved', rejected: 'Rejected', cancelled: 'Cancelled', overtaken: 'Overtaken' };
let decisionForms = 0;

function render({ model, el }) {
  const edits = editsOf(model);
  const part = section(model, 'requests', 'Requests');
  const list = make('div', { class: 'nbruns-requests', role: 'list' });
  const none = make('div', { class: 'nbruns-nothing', hidden: true });
  const more = make('button', { type: 'button', class: 'nbruns-button nbruns-moreRequests', text: 'Show more', onclick: () => model.send({ type: 'more' }) });
  const past = make('button', { type: 'button', class: 'nbruns-link nbruns-pastRequests', onclick: () => filter({ state: about().state === 'all' ? 'pending' : 'all' }) });
  const box = make('div', {}, list, none, past, more);
  const whose = make('div', { class: 'nbruns-whose', role: 'group', 'aria-label': 'Whose requests' });
  const state = make('select', { class: 'nbruns-select', 'aria-label': 'State of the requests', onchange: () => filter({ state: state.value }) });
  state.append(...Object.entries(STATE_NAMES).map(([value, text]) => make('option', { value, text })));
  for (const [value, text] of [['all', 'All'], ['to-decide', 'To decide'], ['mine', 'Mine']])
    whose.append(make('button', { type: 'button', class: 'nbruns-toggle', 'data-whose': value, text, onclick: () => filter({ whose: value }) }));
  const head = make('div', { class: 'nbruns-requestTools' }, whose, state);
  el.append(head, part.node);
  let form = null;

  const about = () => model.get('about');
  const filter = what => model.send({ type: 'filter', whose: about().whose, state: about().state, ...what });

  function makeItem() {
    const words = make('div', { class: 'nbruns-requestWords' });
    const when = make('span', { class: 'nbruns-when' });
    const way = make('div', { class: 'nbruns-way' });
    const why = make('div', { class: 'nbruns-said', dir: 'auto' });
    const foot = make('div', { class: 'nbruns-requestFoot' });
    return make('div', { class: 'nbruns-request', role: 'listitem' }, make('div', { class: 'nbruns-requestHead' }, words, when), way, why, foot);
  }

  function showItem(node, one) {
    const [head, way, why, foot] = node.children;
    say(head.lastChild, ago(one.at_ms));
    attribute(head.lastChild, 'title', absolute(one.at_ms));
    const told = JSON.stringify([one, about().is_page, about().version]);
    if (node.dataset.told === told) return;
    node.dataset.told = told;
    attribute(node, 'data-state', one.state);
    head.firstChild.replaceChildren(...sentence(one));
    say(way, wayOf(one));
    way.hidden = !way.textContent;
    say(why, one.comment);
    why.hidden = !one.comment;
    if (form?.id === one.id) {
      const still = one.may.includes(form.action);
      form.archived(one);
      if (still) return;
      form = null;
    }
    foot.replaceChildren(...footOf(one, node));
  }

  function sentence(one) {
    const who = make('b', { dir: 'auto', text: one.by });
    const target = one.target.startsWith('@') ? aliasChip(one.target.slice(1)) : stageChip(one.target);
    const version = about().version
      ? 'this version'
      : make('button', { type: 'button', class: 'nbruns-link', dir: 'auto', title: 'Show this version', text: `${about().is_page ? `${one.name} ` : ''}version ${one.version}`, onclick: () => model.send({ type: 'go', name: one.name, version: one.version }) });
    const asks = one.state === 'pending' ? ' asks to ' : ' asked to ';
    if (one.removes) return [who, `${asks}remove `, target, ' from ', version];
    return [who, `${asks}move `, ...(one.target.startsWith('@') ? [target, ' to ', version] : [version, ' to ', target])];
  }

  const numbered = versions => `version${versions.length > 1 ? 's' : ''} ${versions.join(', ')}`;

  function wayOf(one) {
    if (one.state !== 'pending' || one.removes) return '';
    if (one.target.startsWith('@')) return `${one.holders.length ? numbered(one.holders) : 'no version'} → version ${one.version}`;
    const beside = one.holders.length ? `, ${one.archives ? 'archives' : 'beside'} ${numbered(one.holders)}` : '';
    return `${one.stage} → ${one.target}${beside}`;
  }

  function footOf(one, node) {
    if (one.state !== 'pending') return outcome(one);
    // Who may reject another's request needs no second way to end it.
    const may = one.may.filter(action => action !== 'cancel' || one.mine || !one.may.includes('reject'));
    const buttons = may.map(action => {
      const { word, primary } = DECISIONS[action];
      return make('button', { type: 'button', class: `nbruns-button${primary ? ' nbruns-primary' : ''}`, 'data-action': action, text: word, onclick: () => decide(one, action, node) });
    });
    const waits = one.may.includes('approve') ? null : make('span', { class: 'nbruns-waits', title: one.refusal, text: waiting(one) });
    return [make('div', { class: 'nbruns-formActions' }, ...buttons), waits].filter(Boolean);
  }

  function waiting({ mine, deciders }) {
    if (deciders === 'somebody else') return 'Nobody decides their own request: it waits for somebody else.';
    return mine ? `Waits for ${deciders || 'somebody who may decide it'}.` : `Only ${deciders || 'others'} may decide it.`;
  }

  function outcome(one) {
    const by = one.decider && one.state !== 'overtaken' ? ` by ${one.decider}` : '';
    const words = make('span', { class: 'nbruns-outcome', title: absolute(one.decided_ms), text: `${OUTCOMES[one.state]}${by} ${ago(one.decided_ms)}` });
    return one.decision ? [words, make('div', { class: 'nbruns-said', dir: 'auto', text: one.decision })] : [words];
  }

  function decide(one, action, node) {
    const foot = node.lastChild;
    const { word, going, primary } = DECISIONS[action];
    const id = `nbruns-decision-${++decisionForms}`;
    const comment = make('textarea', { class: 'nbruns-input nbruns-moveComment', id, rows: '1', dir: 'auto' });
    const archive = make('input', { type: 'checkbox', id: `${id}-archive`, checked: one.archives });
    const archiveWords = make('label', { for: archive.id });
    const archiveLine = make('div', { class: 'nbruns-moveArchive' }, archive, archiveWords);
    const trouble = make('div', { class: 'nbruns-formError', role: 'alert', hidden: true });
    const submit = make('button', { type: 'submit', class: `nbruns-button${primary ? ' nbruns-primary' : ''} nbruns-decide`, text: word });
    const back = make('button', { type: 'button', class: 'nbruns-button', text: 'Back', onclick: () => leave() });
    const node2 = make('form', { class: 'nbruns-decision', novalidate: true, 'aria-label': `${word}: ${one.target}` }, archiveLine, make('div', { class: 'nbruns-formField' }, make('label', { for: id, text: 'Comment (optional)' }), comment), trouble, make('div', { class: 'nbruns-formActions' }, submit, back));

    function leave() {
      form = null;
      delete node.dataset.told;
      show();
      node.querySelector(`[data-action='${action}']`)?.focus({ preventScroll: true });
    }

    function archived({ target, holders }) {
      archiveLine.hidden = action !== 'approve' || !holders.length || !['Staging', 'Production'].includes(target);
      say(archiveWords, `Archive ${numbered(holders)}, which ${holders.length > 1 ? 'are' : 'is'} there now`);
    }

    node2.addEventListener('submit', async event => {
      event.preventDefault();
      submit.disabled = true;
      say(submit, going);
      const result = await edits.send({ action, id: one.id, comment: comment.value, archives: archiveLine.hidden ? null : archive.checked });
      submit.disabled = false;
      say(submit, word);
      if (result.outcome === 'saved') return leave();
      say(trouble, result.text);
      trouble.hidden = false;
    });
    node2.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape') leave();
      else if (event.key === 'Enter' && event.target === comment && !event.shiftKey) {
        event.preventDefault();
        node2.requestSubmit();
      }
    });
    if (form) leaveOther();
    form = { id: one.id, action, archived };
    archived(one);
    foot.replaceChildren(node2);
    comment.focus({ preventScroll: true });
  }

  function leaveOther() {
    const other = form.id;
    form = null;
    delete list.querySelector(`[data-key='${other}']`)?.dataset.told;
    show();
  }

  function show() {
    const now = about();
    const rows = model.get('rows');
    el.hidden = now.is_page === undefined || (!now.is_page && !rows.length && !now.has_past);
    if (el.hidden) return;
    head.hidden = !now.is_page;
    part.show(!now.is_page);
    const parent = now.is_page ? el : part.body;
    if (box.parentNode !== parent) parent.append(box);
    part.count(rows.filter(one => one.state === 'pending').length);
    for (const button of whose.children) {
      attribute(button, 'aria-pressed', String(button.dataset.whose === now.whose));
      if (button.dataset.whose === 'to-decide') say(button, now.waiting ? `To decide (${now.waiting})` : 'To decide');
    }
    state.value = now.state;
    state.disabled = now.whose === 'to-decide';
    if (form && !rows.some(one => one.id === form.id)) form = null;
    patch(list, rows, { key: one => String(one.id), create: makeItem, update: showItem });
    none.hidden = rows.length > 0;
    say(none, nothing(now));
    past.hidden = now.is_page || !now.has_past;
    say(past, now.state === 'all' ? 'Hide past requests' : 'Show past requests');
    more.hidden = !now.more;
  }

  function nothing({ whose, state, is_page }) {
    if (whose === 'to-decide') return 'Nothing waits for you.';
    if (state !== 'pending') return 'No such requests.';
    if (whose === 'mine') return 'You have no open requests.';
    return is_page ? 'No open requests. Where a policy does not let you move a version, you can ask for it on the version’s page.' : 'No open requests.';
  }

  const look = () => part.look();
  const listen = { 'change:about': show, 'change:rows': show, 'change:turned': look };
  for (const [name, does] of Object.entries(listen)) model.on(name, does);
  const clock = setInterval(show, 30000);
  show();
  return () => {
    clearInterval(clock);
    edits.stop();
    for (const [name, does] of Object.entries(listen)) model.off(name, does);
  };
}

export default { render };

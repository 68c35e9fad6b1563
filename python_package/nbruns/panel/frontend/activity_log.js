// The log of the registry, newest first, and who held an alias or a stage on a day.

const ACTION_NAMES = {
  created: 'Model created',
  registered: 'Version registered',
  moved: 'Moved',
  requested: 'Requested',
  approved: 'Approved',
  rejected: 'Rejected',
  cancelled: 'Request cancelled',
  overtaken: 'Request overtaken',
  described: 'Described',
  tagged: 'Tagged',
  renamed: 'Renamed',
  deleted: 'Deleted'
};
let logs = 0;

// A day of the reader's own calendar: where it begins and where it ends.
function dayOf(text) {
  const [year, month, day] = text.split('-').map(Number);
  if (!year || !month || !day) return null;
  const next = new Date(year, month - 1, day + 1);
  return { begins: new Date(year, month - 1, day).getTime(), ends: next.getTime() - 1 };
}

function render({ model, el }) {
  const number = ++logs;
  const part = section(model, 'activity', 'Activity');
  const filterToggle = iconButton('search', 'Filter the activity', 'nbruns-filterActivity', event => {
    event.preventDefault();
    part.node.open = true;
    isFiltering = !isFiltering;
    show();
    if (isFiltering) user.focus();
  });
  const save = () => iconButton('download', 'Download as CSV', 'nbruns-saveActivity', event => {
    event.preventDefault();
    model.send({ type: 'csv' });
  });
  part.tools.append(filterToggle, save());
  const named = (label, input) => make('label', { class: 'nbruns-logField' }, make('span', { text: label }), input);
  const text = (name, label, type = 'text') => make('input', { type, class: `nbruns-input nbruns-log-${name}`, 'aria-label': label, autocomplete: 'off', spellcheck: 'false' });
  const name = text('model', 'Model', 'search');
  const user = text('user', 'User', 'search');
  const since = text('since', 'From the day', 'date');
  const until = text('until', 'To the day', 'date');
  const action = make('select', { class: 'nbruns-select nbruns-log-action' });
  const nameField = named('Model', name);
  const filters = make('form', { class: 'nbruns-logFilters', 'aria-label': 'Filter the activity' }, nameField, named('User', user), named('Action', action), named('From', since), named('To', until));
  const pageSave = save();
  const list = make('div', { class: 'nbruns-log', role: 'list' });
  const none = make('div', { class: 'nbruns-nothing', hidden: true });
  const more = make('button', { type: 'button', class: 'nbruns-button nbruns-moreRequests', text: 'Show more', onclick: () => model.send({ type: 'more' }) });
  const target = suggestField({ name: 'heldTarget', label: 'Who held', placeholder: '@champion', options: heldTargets, onchange: () => askHolder() });
  const day = make('input', { type: 'date', class: 'nbruns-input nbruns-heldDay', id: `nbruns-heldDay-${number}` });
  const answer = make('div', { class: 'nbruns-heldAnswer', role: 'status' });
  const holder = make('div', { class: 'nbruns-held' }, target.row, make('div', { class: 'nbruns-formField' }, make('label', { for: day.id, text: 'on' }), day), answer);
  const box = make('div', {}, make('div', { class: 'nbruns-logHead' }, filters, pageSave), holder, list, none, more);
  el.append(part.node);
  let isFiltering = false;
  let typing = 0;
  let page = '';

  const about = () => model.get('about');

  function heldTargets(typed) {
    return [...new Set([...about().targets, 'Production', 'Staging'])].filter(one => one.toLowerCase().includes(typed.toLowerCase())).map(value => ({ value, note: '' }));
  }

  function askHolder() {
    const when = dayOf(day.value);
    say(answer, '');
    answer.classList.remove('nbruns-formError');
    if (!target.value || !when) return;
    model.send({ type: 'holder', target: target.value, begins_ms: when.begins, ends_ms: when.ends });
  }

  function tellHolder(message) {
    const versions = held => (held.length ? `version${held.length > 1 ? 's' : ''} ${held.join(', ')}` : 'nobody');
    const { trouble, before = [], after = [] } = message;
    answer.classList.toggle('nbruns-formError', Boolean(trouble));
    const ended = dayOf(day.value).ends < Date.now() ? 'at the end of the day' : 'now';
    const changed = String(before) === String(after) ? '' : `, ${versions(before)} when the day began`;
    const whole = after.length ? versions(after) : 'Nobody';
    const said = changed ? `${whole} ${ended}${changed}` : whole;
    say(answer, trouble ?? said[0].toUpperCase() + said.slice(1));
  }

  function filter() {
    const first = dayOf(since.value);
    const last = dayOf(until.value);
    model.send({ type: 'filter', model: name.value.trim(), user: user.value.trim(), action: action.value, since_ms: first?.begins ?? 0, until_ms: last?.ends ?? 0 });
  }

  function makeItem() {
    const words = make('div', { class: 'nbruns-requestWords' });
    const when = make('span', { class: 'nbruns-when' });
    return make('div', { class: 'nbruns-logItem', role: 'listitem' }, make('div', { class: 'nbruns-requestHead' }, words, when), make('div', { class: 'nbruns-logWay' }), make('div', { class: 'nbruns-said', dir: 'auto' }), make('div', { class: 'nbruns-logWhy' }));
  }

  function showItem(node, one) {
    const [head, way, said, why] = node.children;
    say(head.lastChild, ago(one.at_ms));
    attribute(head.lastChild, 'title', absolute(one.at_ms));
    const told = JSON.stringify([one, about().is_page]);
    if (node.dataset.told === told) return;
    node.dataset.told = told;
    attribute(node, 'data-action', one.action);
    const link = make('button', { type: 'button', class: 'nbruns-link', dir: 'auto', text: one.name, onclick: () => model.send({ type: 'go', name: one.name, version: one.version }) });
    head.firstChild.replaceChildren(make('b', { dir: 'auto', text: one.user }), ` ${one.words}`, ...(about().is_page ? [one.version || !one.words.endsWith('the model') ? ' of ' : ' ', link] : []));
    way.replaceChildren(...(one.before || one.after ? [make('span', { dir: 'auto', text: one.before || '–' }), make('span', { class: 'nbruns-arrow', 'aria-label': 'to', text: '→' }), make('span', { dir: 'auto', text: one.after || '–' })] : []));
    way.hidden = !way.childNodes.length;
    say(said, one.comment);
    said.hidden = !one.comment;
    say(why, [one.for, one.why === 'no policy' ? '' : one.why && `allowed by ${one.why}`].filter(Boolean).join(' · '));
    why.hidden = !why.textContent;
  }

  function show() {
    const now = about();
    el.hidden = now.is_page === undefined;
    if (el.hidden) return;
    const here = `${now.is_page}/${now.name}/${now.version}`;
    if (here !== page) {
      page = here;
      for (const field of [name, user, since, until, target.input, day]) field.value = '';
      say(answer, '');
      isFiltering = false;
    }
    part.show(!now.is_page);
    const parent = now.is_page ? el : part.body;
    if (box.parentNode !== parent) parent.append(box);
    if (action.options.length !== now.actions.length + 1) action.replaceChildren(make('option', { value: '', text: 'Any' }), ...now.actions.map(value => make('option', { value, text: ACTION_NAMES[value] ?? value })));
    action.value = now.filtered.action ?? '';
    filters.parentNode.hidden = !now.is_page && !isFiltering;
    attribute(filterToggle, 'aria-pressed', String(isFiltering));
    nameField.hidden = pageSave.hidden = !now.is_page;
    pageSave.hidden = !now.is_page;
    holder.hidden = now.is_page && !now.filtered.model;
    const rows = model.get('rows');
    patch(list, rows, { key: one => String(one.id), create: makeItem, update: showItem });
    none.hidden = rows.length > 0;
    say(none, Object.keys(now.filtered).length ? 'Nothing of the kind was done.' : 'Nothing was done yet.');
    more.hidden = !now.more;
  }

  const hear = message => {
    if (message.type === 'csv') saveAs(fileName(`activity ${message.name}`, 'csv'), message.text, 'text/csv');
    else if (message.type === 'holder') tellHolder(message);
  };
  filters.addEventListener('submit', event => event.preventDefault());
  filters.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(filter, 200);
  });
  box.addEventListener('keydown', event => event.stopPropagation());
  day.addEventListener('change', askHolder);
  const look = () => part.look();
  const listen = { 'change:about': show, 'change:rows': show, 'change:turned': look, 'msg:custom': hear };
  for (const [event, does] of Object.entries(listen)) model.on(event, does);
  const clock = setInterval(show, 30000);
  show();
  return () => {
    clearInterval(clock);
    clearTimeout(typing);
    for (const [event, does] of Object.entries(listen)) model.off(event, does);
  };
}

export default { render };

const COUNTED = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'SCHEDULED'];

function render({ model, el }) {
  const title = make('span', { class: 'nbruns-title', dir: 'auto' });
  const choose = make('button', { type: 'button', class: 'nbruns-titleButton', 'aria-haspopup': 'menu', 'aria-expanded': 'false' }, title, icon('down'));
  choose.addEventListener('click', () => {
    const go = name => () => model.send({ type: 'menu', name });
    const page = [{ text: 'Open in a tab', does: go('open-tab') }, { text: 'Copy link to this view', does: go('copy-link') }];
    menu(choose, 'These runs', [{ text: 'All experiments', does: go('experiments') }, { text: 'Models', does: go('models') }, null, ...(model.get('has_page') ? page : [])], { left: true });
  });
  const wanted = wishes(model);
  const counts = make('span', { class: 'nbruns-counts', role: 'group', 'aria-label': 'Show only runs that are' });
  const back = iconButton('back', 'Back to the runs of this notebook', 'nbruns-back', () => model.send({ type: 'back' }));
  const models = iconButton('register', 'Models: the registry', 'nbruns-toModels', () => model.send({ type: 'menu', name: 'models' }));
  const chips = new Map();
  const offline = line('nbruns-offline', 'unplugged', 'Retry', 'nbruns-retry', () => model.send({ type: 'retry' }));
  const elsewhere = line('nbruns-elsewhere', 'away', 'Show', 'nbruns-goThere', () => model.send({ type: 'elsewhere', experiment_id: model.get('about').elsewhere.experiment_id }));
  const trash = line('nbruns-inTrash', 'trash', 'Leave', 'nbruns-leaveTrash', () => model.send({ type: 'leave-trash' }));
  el.append(make('div', { class: 'nbruns-header' }, back, choose, counts, models), offline.node, elsewhere.node, trash.node);

  // A line of its own under the title: what it is about, and the way on.
  function line(name, picture, label, buttonName, does) {
    const text = make('span', { class: 'nbruns-lineText', dir: 'auto' });
    const button = make('button', { type: 'button', class: `nbruns-link ${buttonName}`, text: label, onclick: does });
    return { text, node: make('div', { class: `nbruns-headerLine ${name}`, role: 'status', hidden: true }, icon(picture), text, button) };
  }

  function put({ node, text }, words) {
    node.hidden = !words;
    say(text, words);
    attribute(text, 'title', words);
  }

  function chip(status) {
    if (!chips.has(status)) {
      const mark = statusMark(status);
      for (const name of ['title', 'aria-label', 'role']) mark.removeAttribute(name);
      mark.setAttribute('aria-hidden', 'true');
      const number = make('span', {});
      const node = make('button', { type: 'button', class: 'nbruns-count', 'data-status': status, onclick: () => ask(status) }, mark, number);
      chips.set(status, { node, number });
    }
    return chips.get(status);
  }

  const askedFor = () => wanted.over(model.get('status'), (_, { status }) => status);

  function ask(status) {
    wanted.send({ type: 'status', status: status === askedFor() ? '' : status });
    show();
  }

  function show() {
    const about = model.get('about');
    say(title, about.title);
    attribute(choose, 'title', about.path || about.title);
    back.hidden = !about.way_back;
    wanted.hear(model.get('heard'));
    const asked = askedFor();
    const shown = COUNTED.filter(status => !about.trash && (about.counts[status] || status === asked));
    for (const status of shown) {
      const count = about.counts[status] ?? 0;
      const { node, number } = chip(status);
      say(number, count.toLocaleString());
      const words = `${count.toLocaleString()} ${STATUS_WORDS[status].toLowerCase()}`;
      attribute(node, 'aria-label', words);
      attribute(node, 'title', `${words}: click to ${status === asked ? 'show all' : 'show only these'}`);
      attribute(node, 'aria-pressed', String(status === asked));
    }
    const nodes = shown.map(status => chip(status).node);
    if (nodes.length !== counts.childElementCount || nodes.some((node, place) => counts.children[place] !== node)) counts.replaceChildren(...nodes);
    put(offline, about.trouble);
    put(elsewhere, about.elsewhere ? `This notebook logs to “${about.elsewhere.name}”` : '');
    put(trash, about.trash ? 'Deleted runs' : '');
  }

  const listen = ['change:about', 'change:status', 'change:heard'];
  for (const name of listen) model.on(name, show);
  show();
  return () => {
    for (const name of listen) model.off(name, show);
  };
}

export default { render };

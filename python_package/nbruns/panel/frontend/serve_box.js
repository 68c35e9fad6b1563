// Serving: what of a model is served and what could be, or everything that is served.

const TICK_MS = 3000;

function render({ model, el }) {
  const part = section(model, 'serving', 'Serving');
  const rows = new Map();
  const failed = make('span', { dir: 'auto' });
  const dismiss = iconButton('close', 'Dismiss', 'nbruns-dismiss', () => model.send({ type: 'forget' }));
  const trouble = make('div', { class: 'nbruns-formError nbruns-serveTrouble', role: 'alert', hidden: true }, failed, dismiss);
  const unfit = make('div', { class: 'nbruns-serveUnfit', role: 'alertdialog', 'aria-label': 'Packages that differ', hidden: true });
  const list = make('div', { class: 'nbruns-serveRows', role: 'list' });
  const none = make('div', { class: 'nbruns-nothing', hidden: true });
  const offers = make('div', { class: 'nbruns-serveOffers' });
  const box = make('div', {}, list, none, trouble, unfit, offers);
  const page = make('div', { class: 'nbruns-servePage' });
  el.append(part.node, page);
  let opening = '';

  const about = () => model.get('about');

  function makeRow(one) {
    const row = serveRow(model, one);
    rows.set(one.id, row);
    return row.node;
  }

  function makeOffer() {
    return make('button', { type: 'button', class: 'nbruns-button' }, icon('media'), make('span', { class: 'nbruns-ellipsis', dir: 'auto' }), make('span', { class: 'nbruns-chipVersion' }));
  }

  function showOffer(button, one) {
    const [, words, version] = button.children;
    say(words, `Serve ${one.title}`);
    say(version, one.follows ? `v${one.version}` : '');
    version.hidden = !one.follows;
    attribute(button, 'title', one.follows ? `Version ${one.version} now, another one when ${one.title} moves` : null);
    button.onclick = () => {
      button.disabled = true;
      model.send({ type: 'serve', target: one.target });
    };
  }

  function show() {
    const now = about();
    el.hidden = !now.page;
    if (!now.page) return;
    const isPage = now.page === 'endpoints';
    const place = isPage ? page : part.body;
    if (box.parentNode !== place) place.append(box);
    part.show(!isPage);
    part.count(now.served.length);
    patch(list, now.served, { key: one => one.id, create: makeRow, update: (_, one) => rows.get(one.id).update(one) });
    for (const id of rows.keys()) if (!now.served.some(one => one.id === id)) rows.delete(id);
    patch(offers, now.choices, { key: one => one.id, create: makeOffer, update: showOffer });
    showOffers();
    none.hidden = now.served.length > 0;
    say(none, isPage ? 'Nothing is served. Open a model or one of its versions and press Serve: it answers over REST for as long as Jupyter runs.' : now.may ? 'Not served yet. Once it is, it answers over REST for as long as Jupyter runs.' : 'Not served. Those who may change the model can serve it.');
    if (opening && rows.has(opening)) {
      rows.get(opening).open();
      opening = '';
    }
  }

  // What was chosen waits for an answer above.
  function showOffers() {
    offers.hidden = !about().choices?.length || Boolean(model.get('unfit').target);
    for (const node of offers.querySelectorAll('button')) node.disabled = false;
  }

  function showTrouble() {
    const text = model.get('trouble');
    trouble.hidden = !text;
    say(failed, text);
    showOffers();
  }

  function showUnfit() {
    const { target, differences } = model.get('unfit');
    unfit.hidden = !target;
    showOffers();
    if (!target) return unfit.replaceChildren();
    const choose = environment => () => {
      for (const node of unfit.querySelectorAll('button')) node.disabled = true;
      model.send({ type: 'serve', target, environment });
    };
    const cells = differences.map(one => make('tr', {}, make('th', { scope: 'row', dir: 'auto', text: one.package }), make('td', { text: one.wanted.replace('==', '') || 'any' }), make('td', { class: one.here ? '' : 'nbruns-isMissing', text: one.here ?? 'missing' })));
    const head = make('tr', {}, make('th', { scope: 'col', text: 'Package' }), make('th', { scope: 'col', text: 'The model asks for' }), make('th', { scope: 'col', text: 'The server has' }));
    const apart = make('button', { type: 'button', class: 'nbruns-button nbruns-primary', text: 'Install them apart', title: 'In an environment of its own, made once and kept', onclick: choose('isolated') });
    unfit.replaceChildren(
      make('div', { class: 'nbruns-formTitle', text: 'The model was logged with other packages than the server has.' }),
      make('div', { class: 'nbruns-serveTable' }, make('table', {}, make('thead', {}, head), make('tbody', {}, ...cells))),
      make('div', { class: 'nbruns-formActions' }, apart, make('button', { type: 'button', class: 'nbruns-button', text: 'Serve it all the same', onclick: choose('here') }), make('button', { type: 'button', class: 'nbruns-button', text: 'Cancel', onclick: () => model.send({ type: 'forget' }) }))
    );
    apart.focus({ preventScroll: true });
  }

  function hear(message) {
    if (message.type === 'started') {
      opening = message.id;
      show();
    } else rows.get(message.id)?.hear(message);
  }

  // Requests come in without a change of the store: while somebody looks, ask for the figures.
  const timer = setInterval(() => {
    const isSeen = !document.hidden && el.offsetParent !== null;
    if (isSeen && about().served?.some(one => one.state !== 'stopped')) model.send({ type: 'tick' });
  }, TICK_MS);
  const look = () => part.look();
  const heard = { 'change:about': show, 'change:trouble': showTrouble, 'change:unfit': showUnfit, 'change:turned': look, 'msg:custom': hear };
  for (const [name, does] of Object.entries(heard)) model.on(name, does);
  show();
  showTrouble();
  showUnfit();
  return () => {
    clearInterval(timer);
    for (const [name, does] of Object.entries(heard)) model.off(name, does);
  };
}

export default { render };

// The navigation of the Models view: back to the runs, its pages, the steps to where one is.

function render({ model, el }) {
  const send = (type, more = {}) => model.send({ type, ...more });
  const back = iconButton('back', 'Back to the runs', 'nbruns-back', () => send('leave'));
  const pages = make('div', { class: 'nbruns-registryPages' });
  const steps = make('ol', { class: 'nbruns-registrySteps', hidden: true });
  const words = make('span', { class: 'nbruns-lineText', dir: 'auto' });
  const retry = make('button', { type: 'button', class: 'nbruns-link nbruns-retry', text: 'Retry', onclick: () => send('retry') });
  const trouble = make('div', { class: 'nbruns-headerLine nbruns-offline', role: 'alert', hidden: true }, icon('warning'), words, retry);
  const where = make('nav', { 'aria-label': 'Where in the models' }, steps);
  const more = menuButton('More about this page', () => [{ text: 'Open in a tab', does: () => send('open-tab') }, { text: 'Copy link to this page', does: () => send('copy-link') }]);
  el.append(make('nav', { class: 'nbruns-registryBar', 'aria-label': 'Model registry' }, back, pages, more), where, trouble);

  function makePage({ to }) {
    const count = make('span', { class: 'nbruns-registryCount' });
    return make('button', { type: 'button', class: 'nbruns-registryPageLink', 'data-to': to, onclick: () => send('go', { to }) }, make('span', {}), count);
  }

  function showPage(node, { to, title }) {
    const number = model.get('counts')[to] ?? 0;
    say(node.firstChild, title);
    say(node.lastChild, number ? number.toLocaleString() : '');
    node.lastChild.hidden = !number;
    attribute(node, 'aria-label', number ? `${title}: ${number} pending` : null);
    attribute(node, 'aria-current', to === model.get('about').page ? 'page' : null);
  }

  function makeStep() {
    const button = make('button', { type: 'button', class: 'nbruns-link nbruns-ellipsis', dir: 'auto', onclick: () => send('go', { to: button.dataset.to }) });
    return make('li', {}, button);
  }

  function showStep(node, { to, title }, isLast) {
    const button = node.firstChild;
    say(button, title);
    attribute(button, 'data-to', to);
    attribute(button, 'title', title);
    attribute(button, 'disabled', isLast);
    attribute(button, 'aria-current', isLast ? 'page' : null);
  }

  function show() {
    const about = model.get('about');
    const last = about.steps[about.steps.length - 1];
    patch(pages, about.pages, { key: page => page.to, create: makePage, update: showPage });
    patch(steps, about.steps, { key: step => step.to, create: makeStep, update: (node, step) => showStep(node, step, step === last) });
    steps.hidden = !about.steps.length;
    more.hidden = !about.has_page;
    const text = model.get('trouble');
    say(words, text);
    trouble.hidden = !text;
  }

  const listen = ['change:about', 'change:counts', 'change:trouble'];
  for (const name of listen) model.on(name, show);
  show();
  const blind = tellSight(model, el);
  return () => {
    blind();
    for (const name of listen) model.off(name, show);
  };
}

export default { render };

// The list of models: search, a tree whose lines are drawn as they come into sight.

const SPARE = 10;
const PAUSE_MS = 200;
const HINTS = [
  ['@champion', 'by alias'],
  ['stage:Production', 'by stage'],
  ["tags.key = 'value'", 'by tag, of versions too']
];
const HOW = 'mlflow.register_model(f"runs:/{run_id}/model", "churn")';

function modelSearch(model) {
  const input = make('input', { type: 'text', class: 'nbruns-search', placeholder: 'Search models', spellcheck: 'false', autocomplete: 'off', 'aria-label': 'Search models', title: "Words of a name, @alias, stage:Production, tags.key = 'value'. Press / to come here." });
  const clear = iconButton('close', 'Clear the search', 'nbruns-clearSearch', () => put(''));
  // Over the list: what comes and goes under the box must not move the lines that are being clicked.
  const hints = make('div', { class: 'nbruns-searchOptions', hidden: true }, ...HINTS.map(([text, note]) => make('button', { type: 'button', class: 'nbruns-searchOption nbruns-hint', onclick: () => put(text) }, make('code', { class: 'nbruns-searchOptionText', text }), make('span', { class: 'nbruns-searchOptionNote nbruns-ellipsis', text: note }))));
  const trouble = make('div', { class: 'nbruns-searchTrouble', role: 'alert', hidden: true });
  const node = make('div', { class: 'nbruns-modelTools', role: 'search' }, make('div', { class: 'nbruns-searchBox' }, icon('search'), input, clear, hints), trouble);
  let timer = 0;

  const send = () => {
    clearTimeout(timer);
    model.send({ type: 'search', text: input.value.trim() });
  };
  const look = () => {
    clear.hidden = !input.value;
    hints.hidden = Boolean(input.value) || !node.contains(document.activeElement);
  };
  function put(text) {
    input.value = text;
    send();
    input.focus();
    look();
  }
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE_MS);
    look();
  });
  node.addEventListener('focusin', look);
  node.addEventListener('focusout', event => node.contains(event.relatedTarget) || (hints.hidden = true));
  look();
  return {
    node,
    input,
    put,
    stop: () => clearTimeout(timer),
    show(text, reason) {
      if (document.activeElement !== input && input.value.trim() !== text) input.value = text;
      trouble.hidden = !reason;
      say(trouble, reason);
      attribute(input, 'aria-invalid', reason ? 'true' : null);
      look();
    }
  };
}

function nothingBox(model, clear) {
  const title = make('div', { class: 'nbruns-noneTitle' });
  const text = make('div', {});
  const code = make('div', {});
  const undo = make('button', { type: 'button', class: 'nbruns-button', text: 'Clear the search', onclick: clear });
  const node = make('div', { class: 'nbruns-noModels', hidden: true }, icon('register'), title, text, code, undo);
  const words = 'Press Register on a run whose model was logged, log a model with registered_model_name="…", or from a notebook:';
  return {
    node,
    show(searched, lab) {
      say(title, searched ? 'No model found' : 'No models registered yet');
      say(text, searched ? `Nothing matches “${searched}”.` : words);
      undo.hidden = !searched;
      if (code.dataset.told !== `${searched}${lab}`) {
        code.dataset.told = `${searched}${lab}`;
        code.replaceChildren(searched ? '' : snippetBox(HOW, lab ? said => model.send({ type: 'insert', text: said }) : null));
      }
    }
  };
}

function render({ model, el }) {
  const search = modelSearch(model);
  const none = nothingBox(model, () => search.put(''));
  const space = make('div', { class: 'nbruns-modelSpace', role: 'tree', 'aria-label': 'Models' });
  const scroller = make('div', { class: 'nbruns-modelScroller' }, space, none.node);
  const found = make('div', { class: 'nbruns-modelsFound', role: 'status' });
  el.append(search.node, found, scroller);
  let asked = '';
  let wanted = null;

  const keyOf = line => `${line.models === undefined ? 'model' : 'folder'}:${line.path}`;
  const rowAt = index => space.querySelector(`[data-index="${index}"]`);

  function act(node) {
    const { line } = node;
    focusOn(node);
    if (line.models === undefined) model.send({ type: 'go', name: line.path });
    else model.send({ type: 'fold', path: line.path, open: !line.is_open });
  }

  // Only what is in sight, and a little around it, is asked for.
  function look(again = false) {
    const { total } = model.get('window');
    if (!scroller.clientHeight || total === undefined) return;
    const first = Math.max(0, Math.floor(scroller.scrollTop / ROW) - SPARE);
    const count = Math.ceil(scroller.clientHeight / ROW) + 2 * SPARE;
    const { first: from, lines } = model.get('window');
    const end = Math.min(total, Math.floor(scroller.scrollTop / ROW) + Math.ceil(scroller.clientHeight / ROW));
    const isThere = from <= first + SPARE && from + lines.length >= end;
    const key = `${first} ${count}`;
    if ((isThere && !again) || key === asked) return;
    asked = key;
    model.send({ type: 'look', first, count });
  }

  function focusOn(node) {
    for (const other of space.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    node.tabIndex = 0;
    node.focus({ preventScroll: true });
  }

  function focusAt(index) {
    if (index < 0) return search.input.focus();
    const top = index * ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW - scroller.clientHeight;
    const node = rowAt(index);
    wanted = node ? null : index;
    if (node) focusOn(node);
  }

  function show() {
    const { first = 0, total, lines = [], models = 0, text = '' } = model.get('window');
    const about = model.get('about');
    search.show(text, about.trouble ?? '');
    if (total === undefined) return;
    asked = '';
    space.style.height = `${total * ROW}px`;
    const places = new Map(lines.map((line, place) => [line, first + place]));
    patch(space, lines, { key: keyOf, create: () => makeModelRow(act), update: (node, line) => showModelRow(node, line, places.get(line), about.current) });
    if (!space.querySelector('[tabindex="0"]') && space.firstElementChild) space.firstElementChild.tabIndex = 0;
    none.node.hidden = total > 0;
    space.hidden = !total;
    if (!total) none.show(text, about.in_lab);
    say(found, text && total ? `${models.toLocaleString()} ${models === 1 ? 'model' : 'models'} found` : '');
    found.hidden = !found.textContent;
    if (wanted !== null && rowAt(wanted)) focusAt(wanted);
    look();
  }

  space.addEventListener('keydown', event => {
    const node = event.target.closest('.nbruns-modelRow');
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const { line } = node;
    const index = Number(node.dataset.index);
    const { total } = model.get('window');
    const isFolder = line.models !== undefined;
    const step = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: total - 1 }[event.key];
    if (step !== undefined) focusAt(Math.min(step, total - 1));
    else if (event.key === 'Enter' || event.key === ' ') act(node);
    else if (event.key === 'ArrowRight' && isFolder) line.is_open ? focusAt(index + 1) : act(node);
    else if (event.key === 'ArrowLeft' && isFolder && line.is_open) act(node);
    else if (event.key === 'ArrowLeft' && line.depth) {
      const above = [...space.children].filter(other => other.line.depth < line.depth && Number(other.dataset.index) < index).pop();
      focusAt(above ? Number(above.dataset.index) : 0);
    } else if (event.key === '/') search.input.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  search.input.addEventListener('keydown', event => {
    event.stopPropagation();
    if (event.key === 'ArrowDown') focusAt(0);
    else if (event.key === 'Escape' && search.input.value) search.put('');
    else return;
    event.preventDefault();
  });
  let frame = 0;
  scroller.addEventListener('scroll', () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => look());
  });
  const resized = new ResizeObserver(() => look());
  resized.observe(scroller);
  const clock = setInterval(() => el.offsetParent && [...space.children].forEach(tickModelRow), 10000);
  const blind = tellSight(model, el);
  const listen = ['change:window', 'change:about'];
  for (const name of listen) model.on(name, show);
  show();
  return () => {
    blind();
    clearInterval(clock);
    resized.disconnect();
    search.stop();
    for (const name of listen) model.off(name, show);
  };
}

export default { render };

// Names and values: parameters, tags, where a run came from.

const LONG = 44;

function pairRow(item, tools = []) {
  const value = make('dd', { class: 'nbruns-value' });
  const row = make('div', { class: 'nbruns-pair', 'data-name': item.name }, make('dt', { class: 'nbruns-ellipsis', title: item.name, dir: 'auto', text: item.name }), value, make('span', { class: 'nbruns-pairTools' }, ...tools));
  return row;
}

// A long value is one line until it is clicked; `whole` fetches what was left out of it.
function setValue(row, item, whole) {
  const cell = row.querySelector('.nbruns-value');
  if (cell.dataset.text === item.text) return;
  cell.dataset.text = item.text;
  row.classList.remove('nbruns-unfolded');
  const long = item.text.length > LONG || item.text.includes('\n');
  const text = make(long ? 'button' : 'span', { class: 'nbruns-valueText', dir: 'auto', text: item.text, title: item.full ?? item.text, ...(long ? { type: 'button', 'aria-expanded': 'false' } : {}) });
  if (long)
    text.addEventListener('click', async () => {
      if (document.getSelection()?.toString() && row.classList.contains('nbruns-unfolded')) return;
      const open = row.classList.toggle('nbruns-unfolded');
      attribute(text, 'aria-expanded', String(open));
      if (open && item.size) say(text, clipped(await whole(item)));
    });
  cell.replaceChildren(text);
}

// A megabyte on the page helps nobody and holds the page up; copying takes all of it.
const clipped = text => (text.length > 20000 ? `${text.slice(0, 20000)}…\n(${text.length - 20000} more characters: copy the value to see them)` : text);

// The values that were too long to be sent unasked.
function wholeValues(model) {
  const waiting = [];
  const hear = message => {
    if (message.type !== 'value') return;
    for (const asked of waiting.splice(0)) {
      if (asked.run === message.run && asked.part === message.part && asked.name === message.name) asked.resolve(message.text);
      else waiting.push(asked);
    }
  };
  model.on('msg:custom', hear);
  return {
    of: (part, item) =>
      item.size
        ? new Promise(resolve => {
            const run = model.get('card').id;
            waiting.push({ run, part, name: item.name, resolve });
            model.send({ type: 'value', run, part, name: item.name });
          })
        : Promise.resolve(item.text),
    stop: () => model.off('msg:custom', hear)
  };
}

function paramsSection(model, whole) {
  const part = section(model, 'params', 'Parameters');
  const list = make('dl', { class: 'nbruns-pairList nbruns-params' });
  const filter = filterBox('Filter parameters', () => list.children);
  part.body.append(filter.input, list, filter.none);
  const latest = new Map();
  const create = item => pairRow(item, [copyButton(`Copy the value of ${item.name}`, () => whole.of('params', latest.get(item.name)))]);
  return {
    ...part,
    update(card, isAnother) {
      if (isAnother) {
        list.replaceChildren();
        filter.clear();
      }
      for (const item of card.params) latest.set(item.name, item);
      patch(list, card.params, { key: item => item.name, create, update: (row, item) => setValue(row, item, one => whole.of('params', one)) });
      part.count(card.params.length);
      part.show(card.params.length > 0);
      list.classList.toggle('nbruns-many', card.params.length > MANY);
      filter.offer(card.params.length);
    }
  };
}

// `may` says whether this reader may write them.
function tagsSection(model, whole, edits, may = () => true) {
  const part = section(model, 'tags', 'Tags');
  const list = make('dl', { class: 'nbruns-pairList nbruns-tags' });
  const slot = make('div', { class: 'nbruns-addTag' });
  const undo = make('div', { class: 'nbruns-undo', role: 'status', hidden: true });
  const empty = make('div', { class: 'nbruns-nothing', text: 'No tags yet' });
  part.body.append(list, empty, undo, slot);
  const start = iconButton('add', 'Add a tag', 'nbruns-add', event => { event.preventDefault(); add(); });
  part.tools.append(start);
  const latest = new Map();
  let forgetting = 0;

  function create(item) {
    const name = item.name;
    const row = pairRow(item, [
      copyButton(`Copy the value of ${name}`, () => whole.of('tags', latest.get(name))),
      iconButton('edit', `Edit the tag ${name}`, 'nbruns-editTag', () => edit(row, name)),
      iconButton('close', `Remove the tag ${name}`, 'nbruns-removeTag', () => remove(name))
    ]);
    return row;
  }

  async function edit(row, name) {
    if (row.dataset.editing) return;
    row.dataset.editing = 'true';
    const seen = await whole.of('tags', latest.get(name));
    const box = editor({
      label: `Value of ${name}`,
      value: seen,
      seen,
      rows: seen.includes('\n') ? 3 : 0,
      write: (value, base) => edits.send({ kind: 'tag', key: name, value, seen: base }),
      close(saved) {
        box.remove();
        delete row.dataset.editing;
        const item = latest.get(name);
        if (saved !== undefined) setValue(row, { name, text: saved }, async () => saved);
        else if (item) setValue(row, item, one => whole.of('tags', one));
        else row.remove();
        row.querySelector('.nbruns-editTag').focus();
      }
    });
    row.append(box);
  }

  function add() {
    part.node.open = true;
    if (slot.firstChild) return slot.querySelector('input').focus();
    const key = make('input', { class: 'nbruns-input nbruns-tagKey', placeholder: 'key', 'aria-label': 'Key of the new tag', spellcheck: 'false', dir: 'auto' });
    const box = editor({
      label: 'Value of the new tag',
      placeholder: 'value',
      value: '',
      seen: null,
      write: (value, base) => edits.send({ kind: 'tag', key: key.value, value, seen: base }),
      close: () => slot.replaceChildren()
    });
    key.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape') slot.replaceChildren();
    });
    box.prepend(key);
    slot.replaceChildren(box);
    requestAnimationFrame(() => key.focus({ preventScroll: true }));
  }

  async function remove(name) {
    const seen = await whole.of('tags', latest.get(name));
    const result = await edits.send({ kind: 'tag', key: name, value: null, seen });
    const words = result.outcome === 'saved' ? `Removed the tag ${name}.` : result.outcome === 'conflict' ? `${name} was changed meanwhile and stays.` : result.text;
    const back = make('button', { type: 'button', class: 'nbruns-link', text: 'Undo', onclick: () => { undo.hidden = true; edits.send({ kind: 'tag', key: name, value: seen, seen: null }); } });
    undo.replaceChildren(make('span', { text: words }), result.outcome === 'saved' ? back : '');
    undo.hidden = false;
    clearTimeout(forgetting);
    forgetting = setTimeout(() => (undo.hidden = true), 10000);
  }

  return {
    ...part,
    update(card, isAnother) {
      if (isAnother) {
        list.replaceChildren();
        slot.replaceChildren();
        undo.hidden = true;
      }
      latest.clear();
      for (const item of card.tags) latest.set(item.name, item);
      patch(list, card.tags, {
        key: item => item.name,
        create,
        update: (row, item) => row.dataset.editing || setValue(row, item, one => whole.of('tags', one))
      });
      empty.hidden = card.tags.length > 0;
      start.hidden = !may();
      list.classList.toggle('nbruns-readOnly', !may());
      part.count(card.tags.length);
    }
  };
}

function sourceSection(model, does) {
  const part = section(model, 'source', 'Source', { closed: true });
  const list = make('dl', { class: 'nbruns-pairList nbruns-source' });
  part.body.append(list);
  function create(item) {
    const tools = item.does ? [make('button', { type: 'button', class: 'nbruns-link', text: item.does === 'open' ? 'Open' : 'View', onclick: () => does[item.does](row) })] : [];
    const row = pairRow(item, [...tools, item.does === 'git-diff' ? null : copyButton(`Copy: ${item.name}`, () => row.dataset.full)]);
    return row;
  }
  return {
    ...part,
    update: card =>
      patch(list, card.source, {
        key: item => item.name,
        create,
        update: (row, item) => {
          row.dataset.full = item.full;
          setValue(row, item, async one => one.full);
        }
      })
  };
}

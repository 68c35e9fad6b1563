// The body of a version's page: numbers, signature, what loading it means, code, tags.

const counted = (count, word) => (count ? `${count.toLocaleString()} ${word}${count === 1 ? '' : 's'}` : '');

function signatureSection(model) {
  const part = section(model, 'signature', 'Signature', { closed: true });
  const box = make('div', { class: 'nbruns-model' });
  const unfolded = new Set();
  part.body.append(box);
  let shown = '';
  return {
    ...part,
    update(card) {
      const said = card.model;
      part.show(Boolean(said));
      const told = JSON.stringify([card.id, said?.inputs, said?.outputs]);
      if (!said || told === shown) return;
      shown = told;
      part.count([counted(said.input_count, 'input'), counted(said.output_count, 'output')].filter(Boolean).join(', ') || 'not logged');
      const lists = [
        said.input_count ? columnList('Inputs', said.inputs, said.input_count, unfolded, `${card.id} in`) : null,
        said.output_count ? columnList('Outputs', said.outputs, said.output_count, unfolded, `${card.id} out`) : null
      ].filter(Boolean);
      box.replaceChildren(...(lists.length ? lists : [make('div', { class: 'nbruns-modelType', text: 'The model was logged without a signature: what it takes is not checked.' })]));
    }
  };
}

// A part of the model that is read from its files once somebody looks.
function fetched(model, name, title, draw) {
  const body = make('div', { class: 'nbruns-fetchedBody' });
  const box = make('details', { class: 'nbruns-fetched' }, make('summary', { text: title }), body);
  let asked = '', drawn = null;
  box.addEventListener('toggle', () => {
    const { id } = model.get('card');
    if (!box.open || asked === id) return;
    asked = id;
    body.replaceChildren(make('div', { class: 'nbruns-modelType', text: 'Reading…' }));
    model.send({ type: name });
  });
  return {
    node: box,
    update(card, said) {
      if (asked && asked !== card.id) {
        asked = '';
        box.open = false;
      }
      if (!said || said === drawn) return;
      drawn = said;
      body.replaceChildren(said.trouble ? make('div', { class: 'nbruns-modelType', text: said.trouble }) : draw(said));
    }
  };
}

const plainText = said => make('div', { class: 'nbruns-modelSnippet' }, make('pre', { tabindex: '0' }, make('code', { dir: 'auto', text: said.text.trimEnd() || 'empty' })), make('span', { class: 'nbruns-snippetTools' }, copyButton('Copy this text', () => said.text)));

function exampleTable(said) {
  if (!said.heads) return plainText(said);
  const more = said.count - said.rows.length;
  return make('div', {}, dataTable(said.heads, said.rows), more > 0 ? make('div', { class: 'nbruns-modelType', text: `and ${more} more rows` }) : '');
}

function modelSection(model) {
  const part = section(model, 'model', 'Model', { closed: true });
  const trouble = make('div', { class: 'nbruns-nothing' });
  const list = make('dl', { class: 'nbruns-pairList nbruns-modelFacts' });
  const example = fetched(model, 'example', 'Input example', exampleTable);
  const requirements = fetched(model, 'requirements', 'Requirements', plainText);
  part.body.append(trouble, list, make('div', { class: 'nbruns-model' }, example.node, requirements.node));
  const create = item => {
    const row = pairRow(item, [copyButton(`Copy: ${item.name}`, () => row.dataset.full)]);
    return row;
  };
  return {
    ...part,
    update(card, extras) {
      const said = card.model;
      trouble.hidden = !card.trouble;
      say(trouble, card.trouble ?? '');
      const facts = said?.facts ?? (card.source ? [{ name: 'Source', text: card.source, full: card.source }] : []);
      part.count(said?.facts[0]?.text ?? (card.trouble ? 'not readable' : ''));
      patch(list, facts, { key: item => item.name, create, update: (row, item) => { row.dataset.full = item.full; setValue(row, item, async one => one.full); } });
      example.node.hidden = !said?.has_example;
      requirements.node.hidden = !said;
      example.update(card, extras.example);
      requirements.update(card, extras.requirements);
    }
  };
}

function codeSection(model, insert) {
  const part = section(model, 'usage', 'Use it');
  const warning = make('div', { class: 'nbruns-runsCode', role: 'note' });
  const tabs = make('div', { class: 'nbruns-addresses', role: 'group', 'aria-label': 'Load it as' });
  const pieces = make('div', { class: 'nbruns-pieces' });
  part.body.append(warning, make('div', { class: 'nbruns-model' }, tabs, pieces));
  let chosen = '', shown = '';

  // The name stands above, and may be as long as it likes.
  const shortly = address => /[@/][^@/]*$/.exec(address)[0].replace('/', 'version ');

  function warn(programs) {
    warning.hidden = !programs.length;
    if (programs.length) warning.replaceChildren(icon('warning'), make('span', { dir: 'auto', text: `Loading this model runs code that came with it (${programs.join(', ')}). Load it only if you trust who made it.` }));
  }

  function draw() {
    const { snippets = [], in_lab, model: said } = model.get('card');
    warn(said?.programs ?? []);
    const found = snippets.find(one => one.address === chosen) ?? snippets[0];
    const told = JSON.stringify([snippets, in_lab, found?.address]);
    if (!found || told === shown) return;
    shown = told;
    tabs.hidden = snippets.length < 2;
    patch(tabs, snippets, {
      key: one => one.address,
      create: ({ address }) => make('button', { type: 'button', class: 'nbruns-useChoice nbruns-ellipsis', dir: 'auto', text: shortly(address), title: address, onclick: () => { chosen = address; draw(); } }),
      update: (button, { address }) => attribute(button, 'aria-pressed', String(address === found.address))
    });
    pieces.replaceChildren(...found.pieces.flatMap(({ title, code }) => [make('div', { class: 'nbruns-columnsTitle', text: title }), snippetBox(code, in_lab ? insert : null)]));
  }

  return { ...part, update: draw };
}

function render({ model, el }) {
  const send = (type, more = {}) => model.send({ type, ...more });
  const edits = editsOf(model);
  const whole = wholeValues(model);
  const measures = measuresSection(model, send);
  const signature = signatureSection(model);
  const made = modelSection(model);
  const usage = codeSection(model, text => send('insert', { text }));
  const tags = tagsSection(model, whole, edits, () => Boolean(model.get('card').may_edit));
  const sections = [measures, usage, signature, made, tags];
  el.append(...sections.map(part => part.node));
  let shown = '';

  function show() {
    const card = model.get('card');
    el.hidden = !card.id;
    if (!card.id) return;
    const isAnother = card.id !== shown;
    shown = card.id;
    tags.update(card, isAnother);
    signature.update(card);
    usage.update(card);
    made.update(card, model.get('extras'));
    measures.update(model.get('standing'));
  }

  const listen = {
    'change:card': show,
    'change:extras': () => model.get('card').id && made.update(model.get('card'), model.get('extras')),
    'change:standing': () => measures.update(model.get('standing')),
    'change:turned': () => sections.forEach(part => part.look())
  };
  for (const [name, react] of Object.entries(listen)) model.on(name, react);
  show();
  return () => {
    edits.stop();
    whole.stop();
    for (const [name, react] of Object.entries(listen)) model.off(name, react);
  };
}

export default { render };

// The card of one run: its parts, in their order, brought up to date one by one.

// The error that ended a run: its sentence, and the way there when unfolded.
function tracebackBox(model) {
  const sentence = make('span', { class: 'nbruns-errorSentence', dir: 'auto' });
  const text = make('pre', { class: 'nbruns-tracebackText', tabindex: '0' });
  const box = make('details', { class: 'nbruns-traceback' }, make('summary', {}, sentence), text);
  box.append(copyButton('Copy the traceback', () => text.textContent));
  box.addEventListener('toggle', () => (text.scrollTop = text.scrollHeight));
  return {
    node: box,
    // The reason of the end names the error too, and the cell.
    update(said, reason) {
      const trace = said?.text?.trimEnd() ?? '';
      box.hidden = !trace;
      say(text, trace);
      say(sentence, reason || (trace.split('\n').filter(line => line.trim()).pop() ?? ''));
      return !box.hidden;
    }
  };
}

function environmentSection(model) {
  const part = section(model, 'environment', 'Environment', { closed: true, onopen: () => ask() });
  const facts = make('dl', { class: 'nbruns-pairList' });
  const list = make('dl', { class: 'nbruns-pairList nbruns-packages' });
  const filter = filterBox('Filter packages', () => list.children);
  const words = make('div', { class: 'nbruns-nothing' });
  part.body.append(words, facts, filter.input, list, filter.none);
  let asked = '';

  function ask() {
    const card = model.get('card');
    if (part.node.open && card.has_environment && asked !== card.id) {
      asked = card.id;
      model.send({ type: 'environment' });
    }
  }

  const create = item => pairRow(item, [copyButton(`Copy ${item.name}`, () => `${item.name}==${item.text}`)]);
  const fill = (where, items) => patch(where, items, { key: item => item.name, create, update: (row, item) => setValue(row, item) });
  return {
    ...part,
    update(card, said) {
      part.show(card.has_environment);
      if (asked !== card.id) asked = '';
      ask();
      words.hidden = Boolean(said?.packages);
      say(words, said?.trouble ?? 'Reading…');
      const packages = (said?.packages ?? []).map(one => ({ name: one.name, text: one.version + (one.origin ? ` (${one.origin})` : '') }));
      fill(facts, said?.packages ? [['Python', said.python], ['System', said.platform]].map(([name, text]) => ({ name, text: text ?? '' })) : []);
      fill(list, packages);
      part.count(packages.length);
      filter.input.hidden = packages.length <= 12;
    }
  };
}

function gitDiffBox(model) {
  const box = make('pre', { class: 'nbruns-gitDiff', tabindex: '0', hidden: true });
  return {
    node: box,
    update(said) {
      box.hidden = !said;
      const text = said?.trouble ?? said?.text ?? '';
      if (box.dataset.said === text) return;
      box.dataset.said = text;
      const kinds = { '+': 'nbruns-added', '-': 'nbruns-removed', '@': 'nbruns-where' };
      box.replaceChildren(...(text || 'The difference was not kept.').split('\n').map(line => make('div', { class: kinds[line[0]] ?? null, text: line || ' ' })));
    }
  };
}

function render({ model, el }) {
  const edits = editsOf(model);
  const whole = wholeValues(model);
  const command = (name, more = {}) => model.send({ type: 'command', name, ...more });
  const does = {
    command,
    open: () => model.send({ type: 'open' }),
    'git-diff': () => model.send({ type: 'git-diff' }),
    changes: () => model.send({ type: 'changes' }),
    sideBySide: before => model.send({ type: 'side-by-side', before }),
    insert: text => command('insert', { text }),
    openVersion: place => model.send({ type: 'version', place }),
    runsOn: digest => model.send({ type: 'runs-on', digest }),
    menu: card => menuItems(card, command, model)
  };
  const head = cardHead(model, edits, does);
  const note = noteBox(model, edits);
  const traceback = tracebackBox(model);
  const diff = gitDiffBox(model);
  const metrics = metricsSection(model);
  const environment = environmentSection(model);
  const source = sourceSection(model, does);
  source.body.append(diff.node);
  const parts = [paramsSection(model, whole), modelsSection(model, does), datasetsSection(model, does), tagsSection(model, whole, edits)];
  const sections = [metrics, ...parts, source, environment];
  el.append(head.node, traceback.node, note.node, ...sections.map(part => part.node));
  let shown = '';

  function show() {
    const card = model.get('card');
    el.hidden = !card.id;
    if (!card.id) return;
    const isAnother = card.id !== shown;
    shown = card.id;
    head.update(card, isAnother);
    note.update(card, isAnother);
    for (const part of [...parts, source]) part.update(card, isAnother);
    showExtras();
    if (isAnother && el.parentElement) el.parentElement.scrollTop = 0;
  }

  function showExtras() {
    const extras = model.get('extras');
    head.explained(traceback.update(extras.traceback, model.get('card').reason));
    head.changed(extras.changes);
    diff.update(extras['git-diff']);
    if (model.get('card').id) environment.update(model.get('card'), extras.environment);
  }

  const turn = () => sections.forEach(part => part.look());
  const clock = setInterval(() => el.offsetParent && model.get('card').id && head.tick(), 1000);
  model.on('change:card', show);
  model.on('change:extras', showExtras);
  model.on('change:turned', turn);
  show();
  showExtras();
  model.send({ type: 'ready' });
  return () => {
    clearInterval(clock);
    for (const part of [edits, whole, metrics]) part.stop();
    model.off('change:card', show);
    model.off('change:extras', showExtras);
    model.off('change:turned', turn);
  };
}

function menuItems(card, command, model) {
  const code = card.has_revision
    ? [
        { text: 'Diff with the notebook now', does: () => command('diff') },
        { text: 'Restore this code…', does: () => command('restore-revision') },
        { text: 'Open the code as a copy', does: () => command('copy-revision') },
        null
      ]
    : [];
  const page = card.in_lab ? [{ text: 'Copy link to this run', does: () => command('copy-link') }] : [];
  const end =
    card.stage === 'deleted'
      ? { text: 'Restore this run', does: () => model.send({ type: 'restore-run' }) }
      : { text: 'Delete this run', danger: true, does: () => model.send({ type: 'delete' }) };
  return [...code, ...page, { text: 'Copy the run id', does: () => copyText(card.id) }, null, end];
}

export default { render };

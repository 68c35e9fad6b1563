// Aliases and stages of a model, or of one version: where they stand, and moving them in place.

function render({ model, el }) {
  const edits = editsOf(model);
  const part = section(model, 'moves', 'Aliases');
  const lines = make('div', { class: 'nbruns-moveLines', role: 'list' });
  const none = make('div', { class: 'nbruns-nothing', hidden: true });
  const add = make('button', { type: 'button', class: 'nbruns-link nbruns-addAlias', text: 'Add an alias', onclick: () => open({ kind: 'alias' }, add) });
  const stage = make('button', { type: 'button', class: 'nbruns-link nbruns-useStages', onclick: () => open({ kind: 'stage' }, stage) });
  const tools = make('div', { class: 'nbruns-moveTools' }, add, stage);
  const place = make('div', { class: 'nbruns-movePlace' });
  const status = make('div', { class: 'nbruns-moveSaid', role: 'status' });
  part.body.append(lines, none, tools, place, status);
  el.append(part.node);
  let form = null;
  let page = '';

  const about = () => model.get('about');

  // One form at a time, under the line it belongs to; asked for again, it closes.
  function open(start, opener) {
    const same = form?.opener === opener;
    shut();
    if (same) return;
    const close = told => {
      shut();
      show();
      say(status, told ?? '');
      if (opener.isConnected && !opener.hidden) opener.focus({ preventScroll: true });
    };
    form = { opener, ...moveForm({ start, about, edits, ask: alias => model.send({ type: 'rights', alias }), close }) };
    const line = opener.closest('.nbruns-moveLine');
    (line ?? place).append(form.node);
    // What is being written stays, also where its alias goes meanwhile.
    if (line) line.dataset.editing = 'true';
    say(status, '');
    attribute(opener, 'aria-expanded', 'true');
    form.focus();
  }

  function shut() {
    if (!form) return;
    attribute(form.opener, 'aria-expanded', 'false');
    const line = form.opener.closest('.nbruns-moveLine');
    form.node.remove();
    form = null;
    if (line) delete line.dataset.editing;
  }

  function makeLine(row) {
    const word = make('button', { type: 'button', class: 'nbruns-button nbruns-moveButton', 'aria-expanded': 'false' });
    const remove = iconButton('close', '', 'nbruns-removeAlias', () => open({ kind: 'alias', target: row.target, version: heldBy(row.target), removes: true }, remove));
    attribute(remove, 'aria-expanded', 'false');
    word.addEventListener('click', () => open(startOf(row), word));
    const head = make('div', { class: 'nbruns-moveHead' }, make('span', { class: `nbruns-target nbruns-ellipsis${row.is_alias ? ' nbruns-badge' : ''}`, dir: 'auto' }), make('span', { class: 'nbruns-moveVersions' }), word, remove);
    return make('div', { class: 'nbruns-moveLine', role: 'listitem', 'data-target': row.target }, head);
  }

  const heldBy = target => about().aliases.find(row => row.target === target)?.versions[0] ?? 0;

  // On a version's page its stage is one line, and what is chosen is where it goes.
  const startOf = row => (row.is_alias ? { kind: 'alias', target: row.target, version: 0 } : about().version ? { kind: 'stage' } : { kind: 'stage', target: row.target });

  function showLine(node, row) {
    const { version } = about();
    const [target, versions, word, remove] = node.firstChild.children;
    nameTarget(target, row);
    attribute(target, 'title', row.target);
    const told = JSON.stringify([row.versions, row.asked, version]);
    if (versions.dataset.told !== told) {
      versions.dataset.told = told;
      versions.replaceChildren(...(version ? [] : row.versions.map(versionLink)), ...pending(row, version));
    }
    const may = row.is_alias || !version ? row.move : about().stages.some(one => one.move && one.target !== about().stage);
    word.hidden = Boolean(version) && row.is_alias;
    say(word, may ? 'Move' : 'Request');
    attribute(word, 'aria-label', `${may ? 'Move' : 'Request'} ${version ? `version ${version}` : row.target}`);
    remove.hidden = !row.is_alias || !row.versions.length;
    const words = row.move ? `Remove ${row.target}` : `Ask to remove ${row.target}`;
    attribute(remove, 'title', words);
    attribute(remove, 'aria-label', words);
  }

  function nameTarget(node, row) {
    const { version, stage } = about();
    if (row.is_alias) return say(node, row.target);
    const name = version ? stage : row.target;
    if (node.textContent !== (version ? `Stage ${name}` : name)) node.replaceChildren(...(version ? ['Stage '] : []), stageChip(name));
  }

  function versionLink(version) {
    return make('button', { type: 'button', class: 'nbruns-link', text: `version ${version}`, onclick: () => model.send({ type: 'go', version }) });
  }

  function pending(row, version) {
    const open = row.asked.length;
    if (!open) return [];
    const words = row.asked.map(one => `${one.by} asks for ${one.removes ? 'its removal from ' : ''}version ${one.version}`).join('\n');
    return [make('span', { class: 'nbruns-chip', title: words, text: open === 1 ? `${row.asked[0].by} asks${version ? '' : ` for ${row.asked[0].version}`}` : `${open} requests` })];
  }

  function linesOf({ aliases, stages, version, stage: current, uses_stages }) {
    const held = row => row.versions.length > 0 && (!version || row.versions.includes(version));
    // What others ask of this version stands among the requests below.
    const named = aliases.filter(row => held(row) || (!version && row.asked.length));
    if (!uses_stages) return named;
    if (version) return [...named, { ...stages.find(row => row.target === current), asked: stages.flatMap(row => row.asked) }];
    return [...named, ...stages.filter(row => row.target !== 'None' && (held(row) || row.asked.length))];
  }

  function show() {
    const now = about();
    el.hidden = !now.name;
    if (!now.name) return shut();
    const here = `${now.name}/${now.version}`;
    if (here !== page) {
      page = here;
      shut();
      say(status, '');
    }
    const rows = linesOf(now);
    part.name(now.uses_stages ? (now.version ? 'Aliases and stage' : 'Aliases and stages') : 'Aliases');
    patch(lines, rows, { key: row => (row.is_alias ? row.target : now.version ? 'stage' : row.target), create: makeLine, update: showLine });
    none.hidden = rows.length > 0;
    say(none, now.version ? 'No alias points at this version.' : 'No alias yet: code would load a version by its number.');
    stage.hidden = now.uses_stages && Boolean(now.version);
    say(stage, now.uses_stages ? 'Move one to a stage' : 'Use stages');
    tools.hidden = !now.version && !now.versions.length;
    form?.refresh();
  }

  const look = () => part.look();
  model.on('change:about', show);
  model.on('change:turned', look);
  show();
  return () => {
    edits.stop();
    model.off('change:about', show);
    model.off('change:turned', look);
  };
}

export default { render };

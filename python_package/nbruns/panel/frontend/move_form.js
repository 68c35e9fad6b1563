// A form in place: which alias or stage, which version, and why. Who may not move a version
// there asks those who may, by the same form.

const STAGE_NAMES = ['None', 'Staging', 'Production', 'Archived'];
let moveForms = 0;

const isAt = (target, version) => (target.startsWith('@') ? `${target} is at version ${version}` : `Version ${version} is in ${target}`);

const versionsInWords = numbers => (numbers.length === 1 ? `version ${numbers[0]}` : `versions ${numbers.join(', ')}`);

// `start`: { kind: 'alias' | 'stage', target, version, removes }; what it leaves out is asked for.
// `about()` is what the page shows now, `ask(alias)` has it say what may be done with another alias.
function moveForm({ start, about, edits, ask, close }) {
  const number = ++moveForms;
  const chosen = { target: start.target ?? '', version: start.version ?? about().version ?? 0 };
  const alias = start.kind === 'alias' && !start.target ? suggestField({ name: 'moveAlias', label: 'Alias', placeholder: 'champion', options: knownAliases, onchange: typedAlias }) : null;
  const stages = start.kind === 'stage' && !start.target ? stageChoice() : null;
  const version = chosen.version ? null : suggestField({ name: 'moveVersion', label: 'Version', inputmode: 'numeric', options: knownVersions, onchange: typedVersion });
  const archive = make('input', { type: 'checkbox', id: `nbruns-archive-${number}`, checked: true });
  const archiveWords = make('label', { for: archive.id });
  const archiveLine = make('div', { class: 'nbruns-moveArchive', hidden: true }, archive, archiveWords);
  const comment = make('textarea', { class: 'nbruns-input nbruns-moveComment', id: `nbruns-moveComment-${number}`, rows: '1', dir: 'auto' });
  const why = make('div', { class: 'nbruns-formField' }, make('label', { for: comment.id, text: 'Comment (optional)' }), comment);
  const mayNot = make('div', { class: 'nbruns-mayNot', hidden: true });
  const open = make('div', { class: 'nbruns-isAsked', hidden: true });
  const trouble = make('div', { class: 'nbruns-formError', role: 'alert', hidden: true });
  const submit = make('button', { type: 'submit', class: 'nbruns-button nbruns-primary nbruns-submitMove' });
  const cancel = make('button', { type: 'button', class: 'nbruns-button', text: 'Cancel', onclick: () => close() });
  const parts = [alias?.row, stages?.row, version?.row, archiveLine, mayNot, open, why, trouble, make('div', { class: 'nbruns-formActions' }, submit, cancel)];
  const form = make('form', { class: 'nbruns-moveForm', novalidate: true, 'aria-label': title() }, make('div', { class: 'nbruns-formTitle', text: title() }), ...parts);
  let error = { field: '', text: '' };
  let busy = false;
  let asking = 0;

  function title() {
    const { target, removes } = start;
    if (removes) return `Remove ${target} from version ${chosen.version}`;
    if (target) return start.kind === 'alias' ? `Move ${target}` : `Move a version to ${target}`;
    const which = about().version ? `version ${about().version}` : 'a version';
    return start.kind === 'alias' ? `Give ${which} an alias` : `Move ${which} to a stage`;
  }

  function stageChoice() {
    const buttons = STAGE_NAMES.map(name => make('label', { class: 'nbruns-stageOption' }, make('input', { type: 'radio', name: `nbruns-stage-${number}`, value: name, disabled: name === about().stage, onchange: () => choose({ target: name }) }), make('span', { text: name })));
    return { row: make('div', { class: 'nbruns-stageChoice', role: 'radiogroup', 'aria-label': 'Stage' }, ...buttons), first: () => buttons.find(one => !one.firstChild.disabled).firstChild };
  }

  function knownAliases(typed) {
    const fits = row => row.target.slice(1).toLowerCase().includes(typed.toLowerCase()) && !row.versions.includes(chosen.version);
    return about()
      .aliases.filter(fits)
      .map(row => ({ value: row.target.slice(1), note: row.versions.length ? versionsInWords(row.versions) : 'free' }));
  }

  function knownVersions(typed) {
    return about()
      .versions.filter(one => String(one.version).startsWith(typed))
      .map(one => ({ value: String(one.version), note: one.note }));
  }

  function typedAlias(text) {
    const name = text.replace(/^@/, '');
    clearTimeout(asking);
    if (name && !rowOf(`@${name}`)) asking = setTimeout(() => ask(name), 150);
    choose({ target: name ? `@${name}` : '' });
  }

  function typedVersion(text) {
    choose({ version: Number(/^\D*(\d+)$/.exec(text)?.[1] ?? 0) });
  }

  function choose(what) {
    Object.assign(chosen, what);
    error = { field: '', text: '' };
    refresh();
  }

  const rowOf = target => [...about().aliases, ...about().stages].find(row => row.target === target);

  // Away from its stage needs a right as well: who may not do that asks for the whole move.
  const mayMove = row => !row || row.move;

  function hint(row) {
    const { target, version: to } = chosen;
    if (!target || start.removes) return '';
    const holders = row?.versions ?? [];
    if (to && holders.includes(to)) return `${isAt(target, to)} already`;
    if (!holders.length) return start.kind === 'alias' && alias ? `${target} is free` : '';
    return start.kind === 'alias' ? `Moves ${target} from ${versionsInWords(holders)}` : '';
  }

  function whatIs() {
    if (!chosen.target.startsWith('@')) return `move this to ${chosen.target}`;
    return `${start.removes ? 'remove' : 'move'} ${chosen.target}`;
  }

  function refresh() {
    const row = rowOf(chosen.target);
    const asks = !mayMove(row);
    const words = hint(row);
    const others = ['Staging', 'Production'].includes(chosen.target) ? (row?.versions ?? []).filter(one => one !== chosen.version) : [];
    archiveLine.hidden = !others.length;
    say(archiveWords, `Archive ${versionsInWords(others)}, which ${others.length > 1 ? 'are' : 'is'} there now`);
    const same = (row?.asked ?? []).filter(one => one.version === chosen.version && one.removes === Boolean(start.removes));
    const mine = same.find(one => one.mine);
    mayNot.hidden = !asks || Boolean(mine);
    say(mayNot, asks ? `You may not ${whatIs()} yourself: request it, and ${row.approvers || 'others'} decide.` : '');
    attribute(mayNot, 'title', asks ? row.rule : null);
    open.hidden = !same.length;
    say(open, mine ? `You asked for this ${ago(mine.at_ms)}: nobody has decided yet.` : same.map(one => `${one.by} asked for this ${ago(one.at_ms)}.`).join(' '));
    say(submit, busy ? (asks ? 'Asking…' : 'Moving…') : asks ? 'Request' : start.removes ? 'Remove' : 'Move');
    submit.disabled = busy || !chosen.target || !chosen.version || (asks && Boolean(mine)) || words.endsWith('already');
    const wrong = field => (error.field === field ? error.text : '');
    alias?.tell(words, wrong('target'));
    version?.tell(alias ? '' : words, wrong('version'));
    const shown = (error.field === 'target' && alias) || (error.field === 'version' && version);
    say(trouble, shown ? '' : error.text);
    trouble.hidden = !trouble.textContent;
  }

  async function send(event) {
    event.preventDefault();
    if (submit.disabled) return;
    busy = true;
    refresh();
    const what = mayMove(rowOf(chosen.target)) ? 'move' : 'ask';
    const result = await edits.send({ what, target: chosen.target, version: version ? version.value : chosen.version, removes: Boolean(start.removes), archives: !archiveLine.hidden && archive.checked, comment: comment.value });
    busy = false;
    if (result.outcome === 'saved') return close(done(what));
    error = result;
    refresh();
    ({ target: alias, version })[result.field]?.input.focus();
  }

  function done(what) {
    const { target, version: to } = chosen;
    if (what === 'ask') return `Requested: ${target}${start.removes ? ' off' : ''} version ${to}`;
    return start.removes ? `${target} is removed` : `${isAt(target, to)} now`;
  }

  form.addEventListener('submit', send);
  form.addEventListener('keydown', event => {
    // JupyterLab's own shortcuts stay out of a form that is being typed into.
    event.stopPropagation();
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter' && event.target === comment && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  refresh();
  return { node: form, refresh, focus: () => (alias?.input ?? stages?.first() ?? version?.input ?? comment).focus({ preventScroll: true }) };
}

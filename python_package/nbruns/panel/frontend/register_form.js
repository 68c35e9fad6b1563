let forms = 0;
const TYPING_MS = 200;

function render({ model, el }) {
  const number = ++forms;
  let asking = null;
  let looking = 0;
  // The form as it was when what it found wrong was changed.
  let corrected = null;

  function field(name, label, attributes = {}, tag = 'input') {
    const id = `nbruns-${name}-${number}`;
    const input = make(tag, { id, ...(tag === 'input' ? { type: 'text', autocomplete: 'off' } : {}), class: `nbruns-input nbruns-${name}`, spellcheck: 'false', dir: 'auto', 'aria-describedby': `${id}-said`, ...attributes });
    const said = make('div', { id: `${id}-said`, class: 'nbruns-fieldSaid' });
    const list = make('ul', { id: `${id}-list`, class: 'nbruns-suggestions', role: 'listbox', 'aria-label': label, hidden: true });
    const row = make('div', { class: 'nbruns-formField' }, make('label', { for: id, text: label }), make('div', { class: 'nbruns-fieldBox' }, input, list), said);
    return { row, input, said, list };
  }

  const select = make('select', { class: 'nbruns-input nbruns-modelChoice', id: `nbruns-model-${number}` });
  const choice = make('div', { class: 'nbruns-formField' }, make('label', { for: select.id, text: 'Model of this run' }), select);
  const name = field('modelName', 'Model name');
  const alias = field('alias', 'Alias (optional)', { placeholder: 'champion' });
  const comment = field('requestComment', 'Comment for who decides (optional)', { placeholder: 'Why this version?' });
  const description = field('description', 'Description', { rows: 3, placeholder: 'Markdown', spellcheck: 'true' }, 'textarea');
  const tag = field('newTag', 'Tags', { placeholder: 'key=value, then Enter' });
  const tags = tagChips(tag.input, { changed: showCount });
  tag.row.querySelector('.nbruns-fieldBox').prepend(tags.chips);
  const moreCount = make('span', { class: 'nbruns-moreCount' });
  const more = make('details', { class: 'nbruns-moreFields' }, make('summary', {}, make('span', { text: 'More' }), moreCount), description.row, tag.row);
  const trouble = make('div', { class: 'nbruns-formError', role: 'alert' });
  const submit = make('button', { type: 'submit', class: 'nbruns-button nbruns-primary nbruns-submit', text: 'Register' });
  const cancel = make('button', { type: 'button', class: 'nbruns-button nbruns-cancel', text: 'Cancel', onclick: () => model.send({ type: 'cancel' }) });
  const heading = make('div', { class: 'nbruns-formTitle' });
  const form = make('form', { class: 'nbruns-form', novalidate: true }, heading, choice, name.row, alias.row, comment.row, more, trouble, make('div', { class: 'nbruns-formActions' }, submit, cancel));
  const done = make('div', { class: 'nbruns-registered', role: 'status' });
  const none = make('div', { class: 'nbruns-noModel' });
  el.append(form, done, none);

  const names = () => model.get('form').names ?? [];
  const typedName = () => name.input.value.trim();
  const typedAlias = () => alias.input.value.trim().replace(/^@/, '');
  const known = () => names().find(item => item.name === typedName());

  // The rights to what is typed now; nothing while they are still asked for.
  function rights() {
    const told = model.get('rights');
    return told.name === typedName() && told.alias === typedAlias() ? told : null;
  }

  function asks() {
    return Boolean(typedAlias()) && rights()?.may_move === false;
  }

  // "catalog.schema.model" is the model in schema, in catalog.
  function parted(full) {
    const [first, second, ...rest] = full.split('.');
    if (!rest.length || !first || !second) return { above: '', text: full, folders: [] };
    return { above: `${first}.${second}.`, text: rest.join('.'), folders: [first, second] };
  }

  function nameHint() {
    const typed = typedName();
    if (!typed) return '';
    const { text, folders } = parted(typed);
    const which = folders.length ? ` ${text} in ${folders.join(' › ')}` : '';
    return known() ? `Becomes version ${known().next} of${which || ` ${typed}`}` : `New model${which}, version 1`;
  }

  function nameTrouble() {
    const told = model.get('rights');
    return told.name === typedName() && told.may_register === false ? `You may not register versions of ${told.name}.` : '';
  }

  function aliasHint() {
    const typed = typedAlias();
    const holder = known()?.aliases[typed];
    if (asks()) return `@${typed} needs approval${rights().approvers ? ` (${rights().approvers})` : ''}: it will be requested`;
    return typed && holder ? `Moves @${typed} from version ${holder}` : '';
  }

  function showCount() {
    const count = (description.input.value.trim() ? 1 : 0) + tags.count();
    say(moreCount, more.open || !count ? '' : `${count} given`);
    if (!count && !more.open) say(moreCount, 'description, tags');
  }

  function showSaid() {
    const { errors: told = {}, stage } = model.get('form');
    const errors = model.get('form') === corrected ? {} : told;
    const wrongs = [
      [name, errors.name || nameTrouble(), nameHint],
      [alias, errors.alias, aliasHint],
      [tag, errors.tags, () => '']
    ];
    for (const [part, error, hint] of wrongs) {
      part.row.classList.toggle('nbruns-wrong', Boolean(error));
      attribute(part.input, 'aria-invalid', error ? 'true' : null);
      say(part.said, error || hint());
    }
    alias.row.classList.toggle('nbruns-needsApproval', asks());
    comment.row.hidden = !asks();
    if (errors.tags) more.open = true;
    say(trouble, errors.form ?? '');
    trouble.hidden = !errors.form;
    submit.disabled = stage === 'busy';
    say(submit, stage === 'busy' ? 'Registering…' : asks() ? 'Register and request' : 'Register');
  }

  function typed() {
    corrected = model.get('form');
    showSaid();
    clearTimeout(looking);
    if (!typedName() || rights()) return;
    looking = setTimeout(() => model.send({ type: 'look', name: typedName(), alias: typedAlias() }), TYPING_MS);
  }

  const nameBox = combobox(name.input, name.list, {
    taken: typed,
    options(text, all) {
      const found = names().filter(item => (all || item.name.toLowerCase().includes(text.toLowerCase())) && item.name !== text);
      return found.slice(0, 8).map(item => ({ value: item.name, ...parted(item.name), note: `next: v${item.next}` }));
    }
  });
  const aliasBox = combobox(alias.input, alias.list, {
    eager: true,
    taken: typed,
    options(text, all) {
      const begun = text.replace(/^@/, '');
      const held = Object.entries(known()?.aliases ?? {}).filter(([one]) => (all || one.startsWith(begun)) && one !== begun);
      return held.slice(0, 8).map(([one, version]) => ({ value: one, text: one, note: `now v${version}` }));
    }
  });
  for (const part of [name, alias]) part.input.addEventListener('input', typed);
  more.addEventListener('toggle', showCount);
  tag.input.addEventListener('input', () => {
    tag.row.classList.remove('nbruns-wrong');
    say(tag.said, '');
  });
  form.addEventListener('keydown', event => {
    if (event.key === 'Escape') model.send({ type: 'cancel' });
    // In a box of several lines Enter is a new line.
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    // JupyterLab's own shortcuts stay out of a form that is being typed into.
    event.stopPropagation();
  });
  form.addEventListener('submit', event => {
    event.preventDefault();
    nameBox.fold();
    aliasBox.fold();
    tags.take();
    clearTimeout(looking);
    model.send({ type: 'submit', name: typedName(), alias: typedAlias(), model: select.value, description: description.input.value, tags: tags.all(), asks: asks(), comment: asks() ? comment.input.value : '' });
  });

  const action = (text, className, does) => make('button', { type: 'button', class: `nbruns-button ${className}`, text, onclick: does });

  function showDone(result) {
    done.replaceChildren();
    if (!result) return;
    const copy = iconButton('copy', 'Copy', 'nbruns-copyCode', () => copyText(result.code, copy));
    done.append(make('div', { class: 'nbruns-registeredText' }, icon('FINISHED'), make('span', { text: result.text })));
    if (result.requested) done.append(make('div', { class: 'nbruns-requested' }, icon('SCHEDULED'), make('span', { text: result.requested })));
    if (result.trouble) done.append(make('div', { class: 'nbruns-formError', role: 'alert', text: result.trouble }));
    done.append(
      make('div', { class: 'nbruns-snippet' }, make('code', { text: result.code }), copy),
      make('div', { class: 'nbruns-formActions' }, action('Open version', 'nbruns-openVersion', () => model.send({ type: 'go', place: result.place })), action('Done', 'nbruns-done', () => model.send({ type: 'cancel' })))
    );
  }

  function showNone(code) {
    none.replaceChildren(
      make('div', { class: 'nbruns-formTitle', text: 'This run has no model yet' }),
      make('div', { class: 'nbruns-noteText', text: 'Log one from the notebook while the run is active, then register it here:' }),
      make('div', { class: 'nbruns-snippet' }, make('code', { text: code })),
      make('div', { class: 'nbruns-formActions' }, action('Close', 'nbruns-cancel', () => model.send({ type: 'cancel' })))
    );
  }

  function begin(state) {
    asking = state.run_id;
    name.input.value = state.proposed;
    for (const part of [alias, comment, description]) part.input.value = '';
    tags.clear();
    more.open = false;
    showCount();
    select.replaceChildren(...state.models.map(item => make('option', { value: item.id, text: item.label })));
    if (state.stage !== 'asking') return;
    requestAnimationFrame(() => {
      name.input.focus();
      name.input.select();
    });
  }

  function show() {
    const state = model.get('form');
    el.hidden = !state.run_id;
    form.hidden = state.stage !== 'asking' && state.stage !== 'busy';
    done.hidden = state.stage !== 'done';
    none.hidden = state.stage !== 'no-model';
    if (!state.run_id) {
      asking = null;
      return;
    }
    heading.replaceChildren('Register the model of ', make('b', { text: state.run_name }));
    if (state.run_id !== asking) begin(state);
    choice.hidden = state.models.length < 2;
    showSaid();
    showDone(state.result);
    if (state.stage === 'no-model') showNone(state.code);
    const wrong = Object.keys(state.errors).length ? el.querySelector('.nbruns-wrong input') : null;
    if (wrong) wrong.focus();
    else if (state.stage === 'done') done.querySelector('.nbruns-done').focus();
  }

  model.on('change:form', show);
  model.on('change:rights', showSaid);
  show();
  return () => {
    clearTimeout(looking);
    model.off('change:form', show);
    model.off('change:rights', showSaid);
  };
}

export default { render };

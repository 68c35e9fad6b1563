let forms = 0;

function render({ model, el }) {
  const number = ++forms;
  let suggestions = [];
  let marked = -1;
  let asking = null;

  function field(name, label, hint, attributes = {}) {
    const id = `nbruns-${name}-${number}`;
    const input = make('input', { id, type: 'text', class: `nbruns-input nbruns-${name}`, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `${id}-said`, ...attributes });
    const said = make('div', { id: `${id}-said`, class: 'nbruns-fieldSaid', text: hint });
    const row = make('div', { class: 'nbruns-field' }, make('label', { for: id, text: label }), input, said);
    return { row, input, said, hint };
  }

  const name = field('modelName', 'Model name', '', { role: 'combobox', 'aria-expanded': 'false', 'aria-autocomplete': 'list', 'aria-controls': `nbruns-names-${number}` });
  const alias = field('alias', 'Alias (optional)', '', { placeholder: 'champion' });
  const list = make('ul', { id: `nbruns-names-${number}`, class: 'nbruns-suggestions', role: 'listbox', hidden: true });
  const select = make('select', { class: 'nbruns-input nbruns-modelChoice', id: `nbruns-model-${number}` });
  const choice = make('div', { class: 'nbruns-field' }, make('label', { for: select.id, text: 'Model of this run' }), select);
  const trouble = make('div', { class: 'nbruns-formError', role: 'alert' });
  const submit = make('button', { type: 'submit', class: 'nbruns-button nbruns-primary nbruns-submit', text: 'Register' });
  const cancel = make('button', { type: 'button', class: 'nbruns-button nbruns-cancel', text: 'Cancel', onclick: () => model.send({ type: 'cancel' }) });
  const heading = make('div', { class: 'nbruns-formTitle' });
  name.row.append(list);
  const form = make('form', { class: 'nbruns-form', novalidate: true }, heading, choice, name.row, alias.row, trouble, make('div', { class: 'nbruns-formActions' }, submit, cancel));
  const done = make('div', { class: 'nbruns-registered', role: 'status' });
  const none = make('div', { class: 'nbruns-noModel' });
  el.append(form, done, none);

  function hint() {
    const typed = name.input.value.trim();
    const known = model.get('form').names.find(item => item.name === typed);
    if (!typed) return '';
    return known ? `Becomes version ${known.next} of ${typed}` : `New model, version 1`;
  }

  function showErrors() {
    const { errors } = model.get('form');
    for (const [key, part] of [['name', name], ['alias', alias]]) {
      const error = errors[key] ?? '';
      part.row.classList.toggle('nbruns-wrong', Boolean(error));
      attribute(part.input, 'aria-invalid', error ? 'true' : null);
      say(part.said, error || (key === 'name' ? hint() : aliasHint()));
    }
    say(trouble, errors.form ?? '');
    trouble.hidden = !errors.form;
  }

  function aliasHint() {
    const typed = alias.input.value.trim();
    const known = model.get('form').names.find(item => item.name === name.input.value.trim());
    const holder = known?.aliases[typed];
    return typed && holder ? `Moves @${typed} from version ${holder}` : '';
  }

  function suggest(all = false) {
    const typed = name.input.value.trim().toLowerCase();
    suggestions = model.get('form').names.filter(item => (all || item.name.toLowerCase().includes(typed)) && item.name !== name.input.value.trim()).slice(0, 8);
    marked = -1;
    list.replaceChildren(
      ...suggestions.map((item, place) =>
        make(
          'li',
          {
            role: 'option',
            id: `${list.id}-${place}`,
            onmousedown: event => {
              event.preventDefault();
              take(place);
            }
          },
          make('span', { class: 'nbruns-ellipsis', text: item.name }),
          make('span', { class: 'nbruns-suggestionNext', text: `next: v${item.next}` })
        )
      )
    );
    unfold(suggestions.length > 0 && document.activeElement === name.input);
  }

  function unfold(open) {
    list.hidden = !open;
    name.input.setAttribute('aria-expanded', String(open));
    if (!open) name.input.removeAttribute('aria-activedescendant');
  }

  function take(place) {
    name.input.value = suggestions[place].name;
    unfold(false);
    say(name.said, hint());
    say(alias.said, aliasHint());
  }

  name.input.addEventListener('input', () => {
    suggest();
    name.row.classList.remove('nbruns-wrong');
    say(name.said, hint());
    say(alias.said, aliasHint());
  });
  name.input.addEventListener('blur', () => unfold(false));
  name.input.addEventListener('keydown', event => {
    if (event.key === 'Escape' && !list.hidden) {
      unfold(false);
      event.stopPropagation();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (list.hidden) suggest(true);
      else {
        const step = event.key === 'ArrowDown' ? 1 : -1;
        marked = (marked + step + suggestions.length) % suggestions.length;
        [...list.children].forEach((item, place) => attribute(item, 'aria-selected', place === marked ? 'true' : 'false'));
        name.input.setAttribute('aria-activedescendant', `${list.id}-${marked}`);
        list.children[marked].scrollIntoView({ block: 'nearest' });
      }
      event.preventDefault();
    } else if (event.key === 'Enter' && !list.hidden && marked >= 0) {
      take(marked);
      event.preventDefault();
    }
  });
  alias.input.addEventListener('input', () => {
    alias.row.classList.remove('nbruns-wrong');
    say(alias.said, aliasHint());
  });
  form.addEventListener('keydown', event => {
    if (event.key === 'Escape') model.send({ type: 'cancel' });
    // JupyterLab's own shortcuts stay out of a form that is being typed into.
    event.stopPropagation();
  });
  form.addEventListener('submit', event => {
    event.preventDefault();
    unfold(false);
    model.send({ type: 'submit', name: name.input.value.trim(), alias: alias.input.value.trim(), model: select.value });
  });

  function showDone(result) {
    done.replaceChildren();
    if (!result) return;
    const copy = iconButton('copy', 'Copy', 'nbruns-copyCode', () => copyText(result.code, copy));
    done.append(
      make('div', { class: 'nbruns-registeredText' }, icon('FINISHED'), make('span', { text: result.text })),
      make('div', { class: 'nbruns-snippet' }, make('code', { text: result.code }), copy),
      make('div', { class: 'nbruns-formActions' }, make('button', { type: 'button', class: 'nbruns-button nbruns-done', text: 'Done', onclick: () => model.send({ type: 'cancel' }) }))
    );
  }

  function showNone(code) {
    none.replaceChildren(
      make('div', { class: 'nbruns-formTitle', text: 'This run has no model yet' }),
      make('div', { class: 'nbruns-noteText', text: 'Log one from the notebook while the run is active, then register it here:' }),
      make('div', { class: 'nbruns-snippet' }, make('code', { text: code })),
      make('div', { class: 'nbruns-formActions' }, make('button', { type: 'button', class: 'nbruns-button nbruns-cancel', text: 'Close', onclick: () => model.send({ type: 'cancel' }) }))
    );
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
    if (state.run_id !== asking) {
      asking = state.run_id;
      name.input.value = state.proposed;
      alias.input.value = '';
      select.replaceChildren(...state.models.map(item => make('option', { value: item.id, text: item.label })));
      if (state.stage === 'asking')
        requestAnimationFrame(() => {
          name.input.focus();
          name.input.select();
        });
    }
    choice.hidden = state.models.length < 2;
    submit.disabled = state.stage === 'busy';
    say(submit, state.stage === 'busy' ? 'Registering…' : 'Register');
    showErrors();
    showDone(state.result);
    if (state.stage === 'no-model') showNone(state.code);
    const wrong = el.querySelector('.nbruns-wrong input');
    if (wrong) wrong.focus();
    else if (state.stage === 'done') done.querySelector('.nbruns-done').focus();
  }

  model.on('change:form', show);
  show();
  return () => model.off('change:form', show);
}

export default { render };

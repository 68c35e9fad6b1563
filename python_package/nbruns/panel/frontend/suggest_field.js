// A field with a label, a line of hints or errors, and suggestions chosen by arrows or mouse.

// `options(typed)` answers [{ value, note }]; `onchange` is told of each new text.
function suggestField({ name, label, options, onchange, ...attributes }) {
  // Not counted: every widget of a page has this module once more.
  const id = `nbruns-${name}-${Math.random().toString(36).slice(2)}`;
  const input = make('input', {
    ...{ id, type: 'text', class: `nbruns-input nbruns-${name}`, autocomplete: 'off', spellcheck: 'false' },
    ...{ role: 'combobox', 'aria-expanded': 'false', 'aria-autocomplete': 'list', 'aria-controls': `${id}-list`, 'aria-describedby': `${id}-said` },
    ...attributes
  });
  const said = make('div', { id: `${id}-said`, class: 'nbruns-fieldSaid' });
  const list = make('ul', { id: `${id}-list`, class: 'nbruns-suggestions', role: 'listbox', 'aria-label': 'Suggestions', hidden: true });
  const row = make('div', { class: 'nbruns-field' }, make('label', { for: id, text: label }), input, list, said);
  let found = [];
  let marked = -1;

  function unfold(open) {
    list.hidden = !open;
    attribute(input, 'aria-expanded', String(open));
    if (!open) attribute(input, 'aria-activedescendant', null);
  }

  function suggest(all) {
    found = options(all ? '' : input.value.trim()).filter(one => one.value !== input.value.trim());
    marked = -1;
    list.replaceChildren(...found.map(makeOption));
    unfold(found.length > 0 && document.activeElement === input);
  }

  function makeOption({ value, note }, place) {
    const pick = event => {
      event.preventDefault();
      take(place);
    };
    return make('li', { role: 'option', id: `${id}-${place}`, onmousedown: pick }, make('span', { class: 'nbruns-ellipsis', text: value }), make('span', { class: 'nbruns-suggestionNext', text: note }));
  }

  function mark(place) {
    marked = place;
    [...list.children].forEach((item, at) => attribute(item, 'aria-selected', at === marked ? 'true' : 'false'));
    attribute(input, 'aria-activedescendant', `${id}-${marked}`);
    list.children[marked].scrollIntoView({ block: 'nearest' });
  }

  function take(place) {
    input.value = found[place].value;
    unfold(false);
    onchange(input.value);
  }

  input.addEventListener('input', () => {
    suggest(false);
    onchange(input.value.trim());
  });
  input.addEventListener('click', () => list.hidden && suggest(true));
  input.addEventListener('blur', () => unfold(false));
  input.addEventListener('keydown', event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.hidden) suggest(true);
    else if (step) mark((marked + step + found.length) % found.length);
    else if (list.hidden) return;
    else if (event.key === 'Enter' && marked >= 0) take(marked);
    else if (event.key === 'Escape') unfold(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    row,
    input,
    get value() {
      return input.value.trim();
    },
    // What there is to suggest has come, or changed.
    refresh: () => suggest(false),
    tell(hint, error = '') {
      row.classList.toggle('nbruns-wrong', Boolean(error));
      attribute(input, 'aria-invalid', error ? 'true' : null);
      say(said, error || hint);
    }
  };
}

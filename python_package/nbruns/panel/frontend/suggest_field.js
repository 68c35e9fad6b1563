// A field with a label, what is known to choose from, and a line of hints or errors.

// `options(typed)` answers [{ value, note }]; `onchange` is told of each new text.
function suggestField({ name, label, options, onchange, ...attributes }) {
  // Not counted: every widget of a page has this module once more.
  const id = `nbruns-${name}-${Math.random().toString(36).slice(2)}`;
  const input = make('input', { id, type: 'text', class: `nbruns-input nbruns-${name}`, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `${id}-said`, ...attributes });
  const said = make('div', { id: `${id}-said`, class: 'nbruns-fieldSaid' });
  const list = make('ul', { id: `${id}-list`, class: 'nbruns-suggestions', role: 'listbox', 'aria-label': 'Suggestions', hidden: true });
  const row = make('div', { class: 'nbruns-formField' }, make('label', { for: id, text: label }), make('div', { class: 'nbruns-fieldBox' }, input, list), said);
  const told = () => onchange(input.value.trim());
  const box = combobox(input, list, {
    options: (typed, all) =>
      options(all ? '' : typed)
        .filter(one => one.value !== typed)
        .map(one => ({ text: one.value, ...one })),
    taken: told,
    eager: true
  });
  input.addEventListener('input', told);
  return {
    row,
    input,
    get value() {
      return input.value.trim();
    },
    // What there is to suggest has come, or changed.
    refresh: () => box.refresh(),
    tell(hint, error = '') {
      row.classList.toggle('nbruns-wrong', Boolean(error));
      attribute(input, 'aria-invalid', error ? 'true' : null);
      say(said, error || hint);
    }
  };
}

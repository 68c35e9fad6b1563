// A text field that offers what is known while one types; anything else may be typed as well.

// `options(typed, all)` answers [{ value, above, text, note }]; `taken` hears that one was chosen.
// An eager field offers all it knows as soon as it is entered.
function combobox(input, list, { options, taken, eager = false }) {
  let offered = [];
  let marked = -1;
  for (const [name, value] of [['role', 'combobox'], ['aria-expanded', 'false'], ['aria-autocomplete', 'list'], ['aria-controls', list.id]]) input.setAttribute(name, value);

  function offer(all = false) {
    offered = options(input.value.trim(), all);
    marked = -1;
    list.replaceChildren(
      ...offered.map((item, place) =>
        make(
          'li',
          {
            role: 'option',
            id: `${list.id}-${place}`,
            title: item.value,
            onmousedown: event => {
              event.preventDefault();
              take(place);
            }
          },
          make('span', { class: 'nbruns-suggestionName', dir: 'auto' }, make('span', { class: 'nbruns-suggestionAbove', text: item.above ?? '' }), make('span', { class: 'nbruns-ellipsis', text: item.text })),
          make('span', { class: 'nbruns-suggestionNext', text: item.note })
        )
      )
    );
    unfold(offered.length > 0 && document.activeElement === input);
  }

  function unfold(open) {
    list.hidden = !open;
    input.setAttribute('aria-expanded', String(open));
    if (open) list.scrollIntoView({ block: 'nearest' });
    else input.removeAttribute('aria-activedescendant');
  }

  function take(place) {
    input.value = offered[place].value;
    unfold(false);
    taken();
  }

  function mark(step) {
    marked = (marked + step + offered.length) % offered.length;
    [...list.children].forEach((item, place) => attribute(item, 'aria-selected', place === marked ? 'true' : 'false'));
    input.setAttribute('aria-activedescendant', `${list.id}-${marked}`);
    list.children[marked].scrollIntoView({ block: 'nearest' });
  }

  input.addEventListener('input', () => offer());
  input.addEventListener('focus', () => {
    if (eager && !input.value) offer(true);
  });
  input.addEventListener('blur', () => unfold(false));
  input.addEventListener('keydown', event => {
    if (event.key === 'Escape' && !list.hidden) {
      unfold(false);
      event.stopPropagation();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (list.hidden) offer(true);
      else mark(event.key === 'ArrowDown' ? 1 : -1);
      event.preventDefault();
    } else if (event.key === 'Enter' && !list.hidden && marked >= 0) {
      take(marked);
      event.preventDefault();
    }
  });
  return { fold: () => unfold(false), refresh: () => offer() };
}

// The search box: what is typed, what could come next, and what cannot be read.

const PAUSE_MS = 300;

function searchBox(model, wanted) {
  const input = make('input', {
    type: 'text',
    class: 'nbruns-search',
    placeholder: 'Search runs',
    title: 'Words of a name, or a filter such as metrics.acc > 0.9 and params.model = \'rf\'. Press / to come here.',
    spellcheck: 'false',
    autocomplete: 'off',
    role: 'combobox',
    'aria-label': 'Search runs',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false'
  });
  const clear = iconButton('close', 'Clear the filter', 'nbruns-clearSearch', () => {
    input.value = '';
    clear.hidden = true;
    send(true);
    input.focus();
  });
  const list = make('div', { class: 'nbruns-searchOptions', role: 'listbox', 'aria-label': 'Suggestions', hidden: true });
  const trouble = make('div', { class: 'nbruns-searchTrouble', role: 'alert', hidden: true });
  const box = make('div', { class: 'nbruns-searchBox' }, icon('search'), input, clear, list);
  let options = [];
  let chosen = -1;
  let from = 0;
  let timer = 0;
  let asked = '';
  let isPutAway = false;
  // What the list was last known to be searched with: other words are being typed.
  let known = '';

  function send(isFinal) {
    clearTimeout(timer);
    known = input.value;
    wanted.send({ type: 'filter', text: known, final: isFinal });
  }

  // What comes late opens nothing that the reader has put away.
  function offerMore() {
    if (!isPutAway) suggest();
  }

  function suggest() {
    isPutAway = false;
    const found = completionAt(input.value, input.selectionStart ?? input.value.length, model.get('choices'), model.get('values'));
    options = found.options;
    from = found.from;
    chosen = -1;
    const question = found.asks ? `${found.asks.kind}.${found.asks.key}` : '';
    if (question && question !== asked) model.send({ type: 'values', ...found.asks });
    asked = question;
    showList(document.activeElement === input && options.length > 0);
  }

  function showList(isOpen) {
    list.hidden = !isOpen;
    attribute(input, 'aria-expanded', String(isOpen));
    if (!isOpen) return attribute(input, 'aria-activedescendant', null);
    list.replaceChildren(
      ...options.map((option, place) =>
        make(
          'div',
          { class: 'nbruns-searchOption', role: 'option', id: `${list.id}-${place}`, 'aria-selected': String(place === chosen), onpointerdown: event => (event.preventDefault(), take(place)) },
          make('span', { class: 'nbruns-searchOptionText', dir: 'auto', text: option.label }),
          make('span', { class: 'nbruns-searchOptionNote', text: option.note })
        )
      )
    );
  }

  function choose(place) {
    chosen = (place + options.length) % options.length;
    [...list.children].forEach((node, at) => attribute(node, 'aria-selected', String(at === chosen)));
    list.children[chosen]?.scrollIntoView({ block: 'nearest' });
    attribute(input, 'aria-activedescendant', list.children[chosen]?.id);
  }

  function take(place) {
    const caret = input.selectionStart ?? input.value.length;
    const before = input.value.slice(0, from) + options[place].text;
    input.value = before + input.value.slice(caret).replace(/^\s+/, '');
    input.setSelectionRange(before.length, before.length);
    changed();
  }

  function changed() {
    clear.hidden = !input.value;
    suggest();
    clearTimeout(timer);
    timer = setTimeout(() => send(false), PAUSE_MS);
  }

  input.addEventListener('input', changed);
  input.addEventListener('click', suggest);
  input.addEventListener('focus', () => {
    model.send({ type: 'choices' });
    suggest();
  });
  input.addEventListener('blur', () => {
    showList(false);
    if (input.value !== model.get('text')) send(true);
  });
  input.addEventListener('keydown', event => {
    const isOpen = !list.hidden;
    if (isOpen && event.key === 'ArrowDown') choose(chosen + 1);
    else if (isOpen && event.key === 'ArrowUp') choose(chosen < 0 ? -1 : chosen - 1);
    else if (isOpen && chosen >= 0 && (event.key === 'Enter' || event.key === 'Tab')) take(chosen);
    else if (event.key === 'Enter') {
      isPutAway = true;
      showList(false);
      send(true);
    } else if (event.key === 'Escape') {
      isPutAway = true;
      if (isOpen) showList(false);
      else input.blur();
    } else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });

  // The reason, and the text with a mark under the place.
  function showTrouble() {
    const { text, at } = model.get('trouble');
    trouble.hidden = !text;
    attribute(input, 'aria-invalid', text ? 'true' : null);
    trouble.replaceChildren();
    if (!text) return;
    const typed = input.value || model.get('text');
    const start = Math.max(0, at - 24);
    const shown = typed.slice(start, at + 16) || ' ';
    trouble.append(
      make('div', { text }),
      make('pre', { class: 'nbruns-searchPlace', 'aria-hidden': 'true', text: `${shown}\n${' '.repeat(at - start)}^` })
    );
  }

  function showText() {
    wanted.hear(model.get('heard'));
    const isTyping = document.activeElement === input && input.value !== known;
    if (!isTyping && !wanted.isOpen('filter')) input.value = known = model.get('text');
    clear.hidden = !input.value;
  }

  list.id = `nbruns-searchOptions-${Math.random().toString(36).slice(2)}`;
  attribute(input, 'aria-controls', list.id);
  showText();
  return {
    nodes: [box, trouble],
    focus() {
      input.focus();
      input.select();
    },
    listen: [
      ['change:text', showText],
      ['change:trouble', showTrouble],
      ['change:choices', offerMore],
      ['change:values', offerMore]
    ],
    close: () => clearTimeout(timer)
  };
}

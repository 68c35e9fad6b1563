// Tags as chips: key=value and Enter makes one, a click or Backspace takes it away.

function tagChips(input, { changed }) {
  let tags = [];
  const chips = make('div', { class: 'nbruns-tagChips', hidden: true });

  function show() {
    chips.hidden = !tags.length;
    chips.replaceChildren(
      ...tags.map(([key, value]) =>
        make(
          'span',
          { class: 'nbruns-chip nbruns-tagChip', title: `${key}=${value}` },
          make('span', { class: 'nbruns-ellipsis', dir: 'auto', text: value ? `${key}=${value}` : key }),
          iconButton('close', `Remove the tag ${key}`, 'nbruns-dropTag', () => {
            drop(key);
            input.focus();
          })
        )
      )
    );
    changed();
  }

  function drop(key) {
    tags = tags.filter(([other]) => other !== key);
    show();
  }

  // What is typed becomes a chip; a key that is there already takes the new value.
  function take() {
    const typed = input.value.trim();
    if (!typed) return;
    const at = typed.indexOf('=');
    const [key, value] = at < 0 ? [typed, ''] : [typed.slice(0, at).trim(), typed.slice(at + 1).trim()];
    tags = [...tags.filter(([other]) => other !== key), [key, value]];
    input.value = '';
    show();
  }

  input.addEventListener('keydown', event => {
    if ((event.key === 'Enter' || event.key === ',') && input.value.trim()) {
      event.preventDefault();
      take();
    } else if (event.key === 'Backspace' && !input.value && tags.length) {
      const [key, value] = tags[tags.length - 1];
      drop(key);
      input.value = `${key}=${value}`;
      event.preventDefault();
    }
  });
  return {
    chips,
    take,
    count: () => tags.length,
    all: () => tags,
    clear() {
      tags = [];
      input.value = '';
      show();
    }
  };
}

// The code that loads a model, by whichever of its addresses the reader takes.

function addressSection(model, insert) {
  const part = section(model, 'use', 'Use it', { closed: true });
  const choices = make('div', { class: 'nbruns-useChoices', role: 'radiogroup', 'aria-label': 'Which version' });
  const box = make('div', { class: 'nbruns-model' });
  part.body.append(choices, box);
  let chosen = '';

  function take(label) {
    chosen = label;
    update(model.get('card'));
    choices.querySelector('[aria-checked="true"]')?.focus({ preventScroll: true });
  }

  choices.addEventListener('keydown', event => {
    const all = [...choices.children];
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    take(all[(all.indexOf(document.activeElement) + step + all.length) % all.length].dataset.key);
  });

  function update(card) {
    const known = card.addresses ?? [];
    part.show(known.length > 0);
    if (!known.length) return;
    const now = known.find(one => one.label === chosen) ?? known[0];
    patch(choices, known, {
      key: one => one.label,
      create: one => make('button', { type: 'button', class: 'nbruns-useChoice nbruns-ellipsis', role: 'radio', dir: 'auto', onclick: () => take(one.label) }),
      update(node, one) {
        say(node, one.label);
        attribute(node, 'title', one.hint);
        attribute(node, 'aria-checked', String(one === now));
        node.tabIndex = one === now ? 0 : -1;
      }
    });
    if (box.dataset.told !== now.code + card.in_lab) {
      box.dataset.told = now.code + card.in_lab;
      box.replaceChildren(snippetBox(now.code, card.in_lab ? insert : null));
    }
  }

  return { ...part, update };
}

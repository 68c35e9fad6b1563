// A button that opens a menu under it.

function menuButton(label, items) {
  const list = make('div', { class: 'nbruns-menu', role: 'menu', 'aria-label': label, hidden: true });
  const button = iconButton('more', label, 'nbruns-menuButton', () => (list.hidden ? open() : shut()));
  attribute(button, 'aria-haspopup', 'menu');
  const box = make('span', { class: 'nbruns-menuBox' }, button, list);
  const entries = () => [...list.querySelectorAll('[role=menuitem]')];

  function open() {
    list.replaceChildren(...items().map(entry));
    list.hidden = false;
    attribute(button, 'aria-expanded', 'true');
    document.addEventListener('pointerdown', outside, true);
    entries()[0]?.focus({ preventScroll: true });
  }

  function shut(focus = false) {
    list.hidden = true;
    attribute(button, 'aria-expanded', null);
    document.removeEventListener('pointerdown', outside, true);
    if (focus) button.focus();
  }

  function outside(event) {
    if (!box.contains(event.target)) shut();
  }

  function entry(item) {
    if (!item) return make('div', { class: 'nbruns-menuLine', role: 'separator' });
    const { text, does, danger } = item;
    return make('button', { type: 'button', role: 'menuitem', tabindex: '-1', class: `nbruns-menuItem${danger ? ' nbruns-danger' : ''}`, text, onclick: () => { shut(true); does(); } });
  }

  list.addEventListener('keydown', event => {
    const all = entries();
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      all[next].focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') shut(event.key === 'Escape');
    event.stopPropagation();
  });
  box.addEventListener('focusout', event => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) shut();
  });
  return box;
}

// A box that floats over the panel: menus and choosers. One at a time, under what opened it.

let openPopup = null;

function popup(anchor, { label, role = 'dialog', kind = '' }, fill, { left = false } = {}) {
  openPopup?.close();
  const root = anchor.closest('.nbruns-panel');
  const box = make('div', { class: `nbruns-popup ${kind}`, role, 'aria-label': label, tabindex: '-1' });

  function place() {
    const frame = root.getBoundingClientRect();
    const from = anchor.getBoundingClientRect();
    const below = frame.bottom - from.bottom - 10;
    const above = from.top - frame.top - 10;
    const isAbove = below < Math.min(box.scrollHeight, 220) && above > below;
    box.style.maxHeight = `${Math.max(80, isAbove ? above : below)}px`;
    box.style.maxWidth = `${frame.width - 12}px`;
    const width = box.offsetWidth;
    const wished = left ? from.left - frame.left : from.right - frame.left - width;
    box.style.left = `${Math.max(6, Math.min(wished, frame.width - width - 6))}px`;
    box.style.top = isAbove ? '' : `${from.bottom - frame.top + 4}px`;
    box.style.bottom = isAbove ? `${frame.bottom - from.top + 4}px` : '';
  }

  function close(focus = false) {
    if (openPopup !== self) return;
    openPopup = null;
    box.remove();
    document.removeEventListener('pointerdown', outside, true);
    document.removeEventListener('keydown', escape, true);
    resized.disconnect();
    attribute(anchor, 'aria-expanded', 'false');
    if (focus) anchor.focus({ preventScroll: true });
  }

  function outside(event) {
    if (!box.contains(event.target) && !anchor.contains(event.target)) close();
  }

  // Wherever the focus is: a button that went may have taken it along.
  function escape(event) {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    close(true);
  }

  // The list and JupyterLab have meanings of their own for most keys.
  box.addEventListener('keydown', event => event.stopPropagation());
  const resized = new ResizeObserver(() => place());
  const self = { close, place, box };
  openPopup = self;
  root.append(box);
  attribute(anchor, 'aria-expanded', 'true');
  document.addEventListener('pointerdown', outside, true);
  document.addEventListener('keydown', escape, true);
  fill(box, self);
  place();
  resized.observe(root);
  return self;
}

// Entries: { text, does, hint, mark, danger }, or null for a line between them.
function menu(anchor, label, entries, options) {
  if (openPopup && anchor.getAttribute('aria-expanded') === 'true') return openPopup.close(true);
  popup(
    anchor,
    { label, role: 'menu', kind: 'nbruns-popupMenu' },
    (box, self) => {
      box.append(...entries.filter((entry, place) => entry || (place && entries[place - 1])).map(entry => entryNode(entry, self)));
      const all = [...box.querySelectorAll('[role^=menuitem]')];
      box.addEventListener('keydown', event => {
        const at = all.indexOf(document.activeElement);
        const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
        if (next !== undefined) {
          event.preventDefault();
          all[next].focus();
        } else if (event.key === 'Tab') self.close();
      });
      all[0]?.focus({ preventScroll: true });
    },
    options
  );
}

function entryNode(entry, self) {
  if (!entry) return make('div', { class: 'nbruns-popupLine', role: 'separator' });
  const { text, does, hint, mark, danger } = entry;
  const node = make('button', {
    type: 'button',
    role: mark === undefined ? 'menuitem' : 'menuitemradio',
    tabindex: '-1',
    class: `nbruns-popupItem${danger ? ' nbruns-danger' : ''}`,
    'aria-checked': mark === undefined ? null : String(Boolean(mark)),
    onclick: () => {
      self.close(true);
      does();
    }
  });
  if (mark !== undefined) node.append(make('span', { class: 'nbruns-popupMark', 'aria-hidden': 'true', text: mark || '' }));
  node.append(make('span', { class: 'nbruns-popupText', dir: 'auto', text }));
  if (hint) node.append(make('span', { class: 'nbruns-popupHint', text: hint }));
  return node;
}

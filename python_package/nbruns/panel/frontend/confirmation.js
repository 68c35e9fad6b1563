// A question before what cannot be taken back: what will happen, and the way out first.

function confirmation({ text, act, does, close }) {
  const cancel = make('button', { type: 'button', class: 'nbruns-button', text: 'Cancel', onclick: () => close() });
  const go = make('button', { type: 'button', class: 'nbruns-button nbruns-dangerButton', text: act, onclick: () => does() });
  const node = make('div', { class: 'nbruns-confirmation', role: 'alertdialog', 'aria-label': act }, make('div', { class: 'nbruns-confirmationText', dir: 'auto', text }), make('div', { class: 'nbruns-formActions' }, go, cancel));
  node.addEventListener('keydown', event => {
    event.stopPropagation();
    if (event.key === 'Escape') close();
  });
  requestAnimationFrame(() => cancel.focus({ preventScroll: true }));
  return node;
}

function render({ model, el }) {
  const words = make('span');
  const open = make(
    'button',
    { type: 'button', class: 'nbruns-chartsOpen', title: 'Scatter, parallel coordinates, contour and box over the listed runs', onclick: () => model.send({ type: 'open' }) },
    icon('runs'),
    words
  );
  el.append(open);
  const show = () => say(words, model.get('words'));
  model.on('change:words', show);
  show();
  return () => model.off('change:words', show);
}

export default { render };

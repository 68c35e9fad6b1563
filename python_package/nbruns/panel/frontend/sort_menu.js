// What the list is sorted by, for widths at which the columns' heads do not show it all.

function sortMenu(model) {
  const button = iconButton('sort', 'Sort', 'nbruns-sort', () => menu(button, 'Sort by', entries()));
  attribute(button, 'aria-haspopup', 'menu');

  function entries() {
    const order = model.get('order');
    const found = model.get('orders').map(({ id, kind, label }) => ({
      kind,
      text: label,
      mark: order === `${id} DESC` ? '↓' : order === `${id} ASC` ? '↑' : '',
      does: () => model.send({ type: 'sort', column: id })
    }));
    // A line between what runs are, what they reached, and what they were given.
    return found.flatMap((entry, place) => (place && entry.kind !== found[place - 1].kind ? [null, entry] : [entry]));
  }

  return {
    node: button,
    show() {
      const [name, direction] = model.get('order').split(/ (?=\w+$)/);
      const label = model.get('orders').find(order => order.id === name)?.label ?? 'start time';
      attribute(button, 'title', `Sorted by ${label}, ${direction === 'ASC' ? 'rising' : 'falling'}`);
      button.classList.toggle('nbruns-set', name !== 'attributes.start_time' || direction !== 'DESC');
    }
  };
}

function render({ model, el }) {
  const wanted = wishes(model);
  const search = searchBox(model, wanted);
  const sort = sortMenu(model);
  const columns = columnMenu(model);
  const trash = iconButton('trash', 'Deleted runs', 'nbruns-trashButton', () => {
    wanted.send({ type: 'trash', open: !isOpen() });
    show();
  });
  const isOpen = () => wanted.over(model.get('trash').open, (open, wish) => (wish.type === 'trash' ? wish.open : open));
  const [box, trouble] = search.nodes;
  const bar = make('div', { class: 'nbruns-toolbar', role: 'toolbar', 'aria-label': 'Runs' }, box, sort.node, columns.node, trash);
  el.append(bar, trouble);

  function show() {
    wanted.hear(model.get('heard'));
    const { deleted } = model.get('trash');
    const open = isOpen();
    bar.hidden = !model.get('is_shown');
    trash.hidden = !deleted && !open;
    attribute(trash, 'aria-pressed', String(open));
    attribute(trash, 'title', open ? 'Leave the trash' : `Deleted runs (${deleted})`);
    sort.show();
    columns.show();
  }

  // From anywhere in the panel, as in every list that can be searched.
  function reach(event) {
    const root = el.closest('.nbruns-panel');
    if (!root?.contains(event.target) || bar.hidden) return;
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== 'checkbox';
    const isFind = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'f';
    if (!isFind && (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    search.focus();
  }
  document.addEventListener('keydown', reach, true);

  const listen = [...search.listen, ...['is_shown', 'order', 'orders', 'columns', 'is_automatic', 'choices', 'trash', 'heard'].map(name => [`change:${name}`, show])];
  for (const [name, react] of listen) model.on(name, react);
  show();
  return () => {
    search.close();
    document.removeEventListener('keydown', reach, true);
    for (const [name, react] of listen) model.off(name, react);
  };
}

export default { render };

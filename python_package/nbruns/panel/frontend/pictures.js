// The list as Python pictures it: whole when a page opens, later only what changed.

function followPictures(model) {
  function hear(message) {
    if (message.type === 'picture') return model.set('window', message.picture);
    if (message.type !== 'changes') return;
    const before = model.get('window');
    // Another view of the same list has already taken it in.
    if (before.version >= message.fields.version) return;
    if (before.version !== message.since) return ask();
    const known = new Map(before.rows.filter(Boolean).map(row => [row.id, row]));
    const order = message.order ?? before.rows.map(row => row && row.id);
    const rows = order.map(id => id && (message.rows[id] ?? known.get(id)));
    // Set and never saved: what a page knows of the list is no news to Python.
    model.set('window', { ...before, ...message.fields, rows });
  }
  const ask = () => model.send({ type: 'ready', version: model.get('window').version });
  model.on('msg:custom', hear);
  ask();
  return () => model.off('msg:custom', hear);
}

// What the kernel will make of a wish, so that it shows before the kernel has.
function carriedOut(model) {
  const palette = model.get('palette');
  const tick = (colours, id, before = colours) => {
    if (colours[id]) return colours;
    const used = Object.values(colours);
    return { ...colours, [id]: before[id] ?? palette.find(colour => !used.includes(colour)) ?? palette[used.length % palette.length] };
  };
  const without = (colours, id) => Object.fromEntries(Object.entries(colours).filter(([other]) => other !== id));
  return ({ colours, expanded }, { type, run_id: id, ticked, expanded: isOpen }) => {
    if (type === 'tick') return { colours: ticked ? tick(colours, id) : without(colours, id), expanded };
    if (type === 'only') return { colours: tick({}, id, colours), expanded };
    if (type === 'clear') return { colours: {}, expanded };
    const others = expanded.filter(other => other !== id);
    return { colours, expanded: isOpen ? [...others, id] : others };
  };
}

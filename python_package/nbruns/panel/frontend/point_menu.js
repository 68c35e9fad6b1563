// What can be done with the runs of a chart's point: a right click on it, or, with the chart
// in focus, Enter or the menu key for all of its runs.

function pointMenu({ send, remark }) {
  const anchor = make('span', { class: 'nbruns-pointAnchor', tabindex: '-1' });
  let hovered = [];

  // Of what is hovered at one x, the nearest to the pointer comes first.
  function idsAt({ points, event }) {
    const away = point => {
      const { yaxis } = point;
      if (!yaxis?.d2p || !event) return 0;
      const top = event.target.closest('.js-plotly-plot')?.getBoundingClientRect().top ?? 0;
      return Math.abs(yaxis._offset + yaxis.d2p(point.y) - (event.clientY - top));
    };
    const id = point => (typeof point.customdata === 'string' ? point.customdata : point.data?.meta);
    const near = [...points].sort((one, other) => away(one) - away(other));
    return [...new Set(near.map(id))].filter(one => typeof one === 'string');
  }

  function ask(frame, left, top, runIds) {
    frame.append(anchor);
    anchor.style.left = `${left}px`;
    anchor.style.top = `${top}px`;
    send({ type: 'menu', run_ids: runIds });
  }

  function listen(frame, plot) {
    plot.on('plotly_hover', data => (hovered = idsAt(data)));
    plot.on('plotly_unhover', () => (hovered = []));
    frame.addEventListener('contextmenu', event => {
      if (event.shiftKey || !hovered.length) return;
      event.preventDefault();
      event.stopPropagation();
      const box = frame.getBoundingClientRect();
      ask(frame, event.clientX - box.left, event.clientY - box.top, hovered);
    });
    frame.addEventListener('keydown', event => {
      const isMenu = event.key === 'Enter' || event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey);
      if (!isMenu || event.target !== frame) return;
      event.preventDefault();
      event.stopPropagation();
      ask(frame, 24, 24, []);
    });
  }

  function show({ runs }) {
    if (!runs.length) return remark('None of these runs has logged a model.');
    const one = runs.length === 1 ? runs[0] : null;
    const entries = runs.filter(run => run.has_model).map(run => ({ text: `Register the model of ${run.name}`, does: () => send({ type: 'register', run_id: run.id }) }));
    if (one) entries.unshift({ text: `${one.ticked ? 'Untick' : 'Tick'} ${one.name}`, does: () => send({ type: 'pick', run_id: one.id }) });
    menu(anchor, one ? `Actions for ${one.name}` : 'Runs of this chart', entries, { left: true });
  }

  return { listen, show };
}

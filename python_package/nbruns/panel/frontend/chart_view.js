// Draws Plotly figures that Python built, each in a cell of its own, with controls above.

function render({ model, el }) {
  const wanted = wishes(model);
  const controls = chartControls(message => {
    wanted.send(message);
    showControls();
  });
  const cells = new Map();
  const board = make('div', { class: 'nbruns-board' });
  const said = make('div', { class: 'nbruns-plotNote' });
  const legend = make('div', { class: 'nbruns-legend' });
  const remark = make('div', { class: 'nbruns-remark', role: 'status' });
  const points = pointMenu({
    send: message => model.send(message),
    remark(words) {
      say(remark, words);
      remark.hidden = false;
    }
  });
  const moreMetrics = make('button', { type: 'button', class: 'nbruns-link nbruns-moreMetrics' });
  moreMetrics.addEventListener('click', () => {
    const now = model.get('controls');
    model.send({ type: 'set', settings: { shown: now.shown + now.a_page } });
  });
  el.append(controls.node, board, said, moreMetrics, legend, remark);

  let Plotly = null;
  const config = { displayModeBar: false, responsive: false, doubleClick: 'reset', showTips: false };
  const kind = () => model.get('controls').kind;

  function newCell(key) {
    const plot = make('div', { class: 'nbruns-plot', role: 'img' });
    const menu = menuButton('Download', () => downloads(cell));
    menu.replaceChildren(icon('chart-download'));
    const title = make('span', { class: 'nbruns-plotTitle nbruns-ellipsis', title: key, text: key });
    const node = make('div', { class: 'nbruns-plotCell', 'data-key': key }, make('div', { class: 'nbruns-plotHead' }, title, menu), make('div', { class: 'nbruns-plotFrame', role: 'group', tabindex: '0', 'aria-haspopup': 'menu' }, plot));
    const head = node.querySelector('.nbruns-plotHead');
    const cell = { key, node, menu, head, plot, figure: null, turn: 0, busy: Promise.resolve(), seen: false };
    watched.observe(node);
    resized.observe(plot);
    return cell;
  }

  function downloads(cell) {
    const failed = error => {
      say(remark, `The download failed: ${error.message}`);
      remark.hidden = false;
    };
    const picture = format => savePicture(Plotly, cell, format, el, kind()).catch(failed);
    const items = [
      { text: 'PNG picture', does: () => picture('png') },
      { text: 'SVG picture', does: () => picture('svg') },
      { text: 'Data as drawn (CSV)', does: () => model.send({ type: 'csv', key: cell.key }) }
    ];
    if (kind() === 'curves')
      items.push({
        text: 'All logged points (CSV)',
        does: () => {
          const told = count => say(remark, `Fetching all points: ${count.toLocaleString()} so far…`);
          remark.hidden = false;
          told(0);
          saveAllPoints(rootOfServer(model.get('plotly')), cell.key, model.get('controls').runs, told).then(showWords, failed);
        }
      });
    return items;
  }

  function draw(cell) {
    cell.busy = cell.busy.then(() => drawNow(cell)).catch(error => {
      say(said, error.message);
      said.hidden = false;
    });
    return cell.busy;
  }

  async function drawNow(cell) {
    if (!cell.figure || !cell.seen || !cell.plot.isConnected) return;
    Plotly ??= await loadPlotlyOf(model);
    const { data, layout } = themed(cell.figure, el, { kind: kind(), small: cells.size > 1 });
    cell.turn += 1;
    await Plotly.react(cell.plot, data, { ...layout, datarevision: cell.turn }, config);
    if (!cell.listens) listen(cell);
  }

  function listen(cell) {
    cell.listens = true;
    points.listen(cell.plot.parentElement, cell.plot);
    cell.plot.on('plotly_click', ({ points: [point], event }) => {
      const runId = point?.customdata;
      if (event?.button === 2) return;
      if (typeof runId === 'string' && kind() !== 'curves') model.send({ type: 'pick', run_id: runId });
    });
    cell.plot.on('plotly_relayout', change => {
      if (kind() !== 'curves') return;
      const names = Object.keys(change);
      if (names.some(name => name.startsWith('xaxis.range'))) model.send({ type: 'zoom', key: cell.key, range: rangeOf(cell.plot._fullLayout.xaxis) });
      else if (names.includes('xaxis.autorange')) model.send({ type: 'zoom', key: cell.key, range: null });
    });
    cell.plot.on('plotly_restyle', () => {
      if (kind() === 'parallel') brushed(cell);
    });
  }

  function brushed(cell) {
    const ranges = {};
    for (const { name, constraintrange: range } of cell.plot.data[0]?.dimensions ?? []) if (range?.length) ranges[name] = Array.isArray(range[0]) ? range : [range];
    model.send({ type: 'brush', ranges });
  }

  function take({ order, figures }) {
    for (const [key, cell] of cells)
      if (!order.includes(key)) {
        watched.unobserve(cell.node);
        resized.unobserve(cell.plot);
        if (Plotly) Plotly.purge(cell.plot);
        cell.node.remove();
        cells.delete(key);
      }
    for (const key of order) if (!cells.has(key)) cells.set(key, newCell(key));
    for (const [key, figure] of Object.entries(figures)) {
      const cell = cells.get(key);
      cell.figure = localiseFigure(figure);
      cell.plot.style.height = figure.layout.height ? `${figure.layout.height}px` : '';
    }
    const nodes = order.map(key => cells.get(key).node);
    if (nodes.some((node, place) => board.children[place] !== node)) board.replaceChildren(...nodes);
    for (const cell of cells.values()) if (order.length > 1 && cell.menu.parentElement !== cell.head) cell.head.append(cell.menu);
    const only = order.length === 1 ? cells.get(order[0]).menu : null;
    if (controls.tools.firstElementChild !== only) controls.tools.replaceChildren(...(only ? [only] : []));
    board.hidden = !order.length;
    const many = String(order.length > 1);
    const others = board.dataset.many === many ? [] : order.filter(key => !figures[key]);
    board.dataset.many = many;
    board.dataset.kind = kind();
    for (const key of [...Object.keys(figures), ...others]) draw(cells.get(key));
  }

  function extend({ points }) {
    for (const [key, tails] of Object.entries(points)) {
      const cell = cells.get(key);
      if (!cell) continue;
      tails.forEach(([x, y], place) => {
        const trace = cell.figure.data[place];
        if (!x.length) return;
        trace.x = [...trace.x, ...localised(x, cell.figure.layout.xaxis)];
        trace.y = [...trace.y, ...y];
      });
      draw(cell);
    }
  }

  function hear(message) {
    if (message.type === 'figures') take(message);
    else if (message.type === 'menu') points.show(message);
    else if (message.type === 'extend') extend(message);
    else if (message.type === 'file') saveAs(fileName(message.name, 'csv'), message.text, 'text/csv');
  }

  function showWords() {
    const now = model.get('controls');
    legend.replaceChildren(...(now.legend ?? []).map(([name, colour]) => make('span', { class: 'nbruns-legendItem', title: name }, make('span', { class: 'nbruns-swatch', style: `background:${colour}`, 'aria-hidden': 'true' }), make('span', { class: 'nbruns-ellipsis', text: name }))));
    legend.hidden = !now.legend?.length;
    const capped = now.scope === 'listed' && now.listed_more ? `The first ${now.listed} of the listed runs.` : '';
    say(remark, [capped, now.remark].filter(Boolean).join(' '));
    if (now.brushed !== null && now.brushed !== undefined) {
      const clear = make('button', { type: 'button', class: 'nbruns-link nbruns-clearBrush', text: 'Clear', onclick: () => model.send({ type: 'brush', ranges: {} }) });
      remark.append(remark.textContent ? ' ' : '', `The list shows the ${now.brushed} brushed ${now.brushed === 1 ? 'run' : 'runs'}. `, clear);
    }
    remark.hidden = !remark.textContent;
    moreMetrics.hidden = !now.more_metrics;
    say(moreMetrics, `${now.more_metrics} more metrics`);
  }

  function showControls() {
    const now = model.get('controls');
    wanted.hear(now.heard);
    if (now.kind) controls.show(wanted.over(now, (before, { settings, metric }) => ({ ...before, ...(settings ?? { metric }) })));
    showWords();
    for (const { plot, key } of cells.values()) {
      attribute(plot, 'aria-label', `${KIND_WORDS[now.kind]} of ${key}`);
      attribute(plot.parentElement, 'aria-label', `${KIND_WORDS[now.kind]} of ${key}: Enter for its runs`);
    }
  }

  function showCaption() {
    const text = model.get('caption');
    say(said, text);
    said.hidden = !text;
  }

  const redraw = () => cells.forEach(cell => draw(cell));
  const theme = new MutationObserver(redraw);
  theme.observe(document.body, { attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light'] });
  // A chart far down is drawn when it is scrolled to.
  const watched = new IntersectionObserver(
    entries => {
      for (const entry of entries) {
        const cell = cells.get(entry.target.dataset.key);
        if (!cell || cell.seen || !entry.isIntersecting) continue;
        cell.seen = true;
        draw(cell);
      }
    },
    { rootMargin: '200px' }
  );
  const resized = new ResizeObserver(entries => {
    for (const { target } of entries) if (Plotly && target.offsetWidth && target.classList.contains('js-plotly-plot')) Plotly.Plots.resize(target);
  });

  const listened = [
    ['msg:custom', hear],
    ['change:controls', showControls],
    ['change:caption', showCaption]
  ];
  for (const [name, react] of listened) model.on(name, react);
  showControls();
  showCaption();
  model.send({ type: 'ready' });
  return () => {
    for (const observer of [theme, watched, resized]) observer.disconnect();
    for (const [name, react] of listened) model.off(name, react);
    controls.close();
    if (Plotly) cells.forEach(cell => Plotly.purge(cell.plot));
  };
}

export default { render };

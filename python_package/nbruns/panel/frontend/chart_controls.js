// What stands above the charts: their kind, what they show, and how.

Object.assign(SHAPES, {
  'chart-curves': [['path', { d: 'M2 12.5c3 0 3-7 6-7s2.6 4 6 4', 'data-line': 1 }]],
  'chart-bar': [['path', { d: 'M2.5 3v10.5M2.5 4.5h9M2.5 8h6M2.5 11.5h10.5', 'data-line': 1 }]],
  'chart-scatter': [['circle', { cx: 4, cy: 11.5, r: 1.5 }], ['circle', { cx: 7, cy: 6.5, r: 1.5 }], ['circle', { cx: 11, cy: 9.5, r: 1.5 }], ['circle', { cx: 12.5, cy: 4, r: 1.5 }]],
  'chart-parallel': [['path', { d: 'M3 2.5v11M8 2.5v11M13 2.5v11M3 5l5 5.5 5-6M3 10.5L8 6l5 5', 'data-line': 1 }]],
  'chart-contour': [['path', { d: 'M8 2.5c4 0 5.8 2.4 5.5 5.6-.3 3.3-2.5 5.4-5.7 5.4S2.5 11.3 2.5 8 4.5 2.5 8 2.5zM8 5.6c1.9 0 2.7 1 2.6 2.5S9.5 10.5 8 10.5 5.4 9.6 5.4 8.1 6.3 5.6 8 5.6z', 'data-line': 1 }]],
  'chart-box': [['path', { d: 'M8 2v2.5M8 11v3M4.5 4.5h7v6.5h-7zM4.5 8h7M6.5 2h3M6.5 14h3', 'data-line': 1 }]],
  'chart-grid': [['path', { d: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z', 'data-line': 1 }]],
  'chart-settings': [['path', { d: 'M2 5h6M12 5h2M2 11h2M8 11h6M10 3.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM6 9.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z', 'data-line': 1 }]],
  'chart-download': [['path', { d: 'M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.2h10', 'data-line': 1 }]]
});

const KIND_WORDS = {
  curves: 'Curves',
  bar: 'Bars',
  scatter: 'Scatter',
  parallel: 'Parallel coordinates',
  contour: 'Contour',
  box: 'Box'
};
const OVER_WORDS = { step: 'Step', relative: 'Relative', time: 'Time' };
const OVER_TITLES = { step: 'Over the steps', relative: 'Over the time since each run began', time: 'Over wall-clock time' };
const ATTRIBUTE_WORDS = { 'attributes.start_time': 'start time', 'attributes.duration': 'duration' };

const bare = name => ATTRIBUTE_WORDS[name] ?? name.slice(name.indexOf('.') + 1);

// A row of buttons of which one is chosen; arrow keys go along it.
function segmented(label, className, entries, choose) {
  const node = make('div', { class: `nbruns-segments ${className}`, role: 'radiogroup', 'aria-label': label });
  const buttons = new Map(
    entries.map(({ value, title, text, icon: shape }) => {
      const button = make('button', { type: 'button', role: 'radio', class: 'nbruns-segment', title, 'aria-label': title, 'data-value': value, onclick: () => choose(value) });
      button.append(shape ? icon(shape) : text);
      node.append(button);
      return [value, button];
    })
  );
  node.addEventListener('keydown', event => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way) return;
    const seen = [...buttons.values()].filter(button => !button.hidden);
    const next = seen[(seen.indexOf(document.activeElement) + way + seen.length) % seen.length];
    event.preventDefault();
    next.focus();
    next.click();
  });
  return {
    node,
    show(value, allowed = null) {
      for (const [each, button] of buttons) {
        attribute(button, 'aria-checked', String(each === value));
        attribute(button, 'tabindex', each === value ? '0' : '-1');
        button.hidden = allowed !== null && !allowed.includes(each);
      }
    },
    say: (value, text) => say(buttons.get(value), text)
  };
}

function toggle(label, text, change) {
  const button = make('button', { type: 'button', class: 'nbruns-toggle', title: label, 'aria-label': label, onclick: () => change(button.getAttribute('aria-pressed') !== 'true') });
  button.append(text);
  return { node: button, show: on => attribute(button, 'aria-pressed', String(on)) };
}

function field(text, className, control) {
  return make('label', { class: `nbruns-field ${className}` }, make('span', { class: 'nbruns-fieldName', text }), control);
}

// A select is rebuilt only when what it offers changes: an open one stays open.
function picker(label, choose) {
  const select = make('select', { class: 'nbruns-select', 'aria-label': label, onchange: () => choose(select.value) });
  let offered = '';
  return {
    node: select,
    show(groups, value) {
      const wanted = JSON.stringify(groups);
      if (wanted !== offered) {
        offered = wanted;
        const options = names => names.map(([name, text]) => make('option', { value: name, text }));
        select.replaceChildren(...groups.flatMap(([title, names]) => (!names.length ? [] : title ? [make('optgroup', { label: title }, ...options(names))] : options(names))));
      }
      if (select.value !== value) select.value = value;
      attribute(select, 'title', select.selectedOptions[0]?.textContent ?? '');
    }
  };
}

// Checkboxes behind a line of words, for the axes of parallel coordinates.
function multiPicker(label, choose) {
  const list = make('div', { class: 'nbruns-checks', role: 'group', 'aria-label': label });
  const words = make('summary', { class: 'nbruns-select nbruns-checksSummary' });
  const node = make('details', { class: 'nbruns-checksBox' }, words, list);
  let offered = '';
  let chosen = [];
  const flip = name => choose(chosen.includes(name) ? chosen.filter(each => each !== name) : [...chosen, name]);
  document.addEventListener('pointerdown', outside, true);
  function outside(event) {
    if (!node.contains(event.target)) node.open = false;
  }
  node.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !node.open) return;
    node.open = false;
    words.focus();
    event.stopPropagation();
  });
  return {
    node,
    close: () => document.removeEventListener('pointerdown', outside, true),
    show(groups, values) {
      chosen = values;
      const wanted = JSON.stringify(groups);
      if (wanted !== offered) {
        offered = wanted;
        list.replaceChildren(
          ...groups.flatMap(([title, names]) =>
            names.length
              ? [make('div', { class: 'nbruns-checksTitle', text: title }), ...names.map(([name, text]) => make('label', { class: 'nbruns-check', title: text }, make('input', { type: 'checkbox', value: name, onchange: () => flip(name) }), make('span', { class: 'nbruns-ellipsis', text })))]
              : []
          )
        );
      }
      for (const box of list.querySelectorAll('input')) box.checked = chosen.includes(box.value);
      say(words, `${chosen.length} columns`);
      attribute(words, 'title', chosen.map(bare).join(', '));
    }
  };
}

function smoothingSlider(change) {
  const slider = make('input', { type: 'range', class: 'nbruns-slider', min: '0', max: '0.99', step: '0.01', 'aria-label': 'Smoothing' });
  const shown = make('output', { class: 'nbruns-sliderValue' });
  let asked = null;
  slider.addEventListener('input', () => {
    say(shown, Number(slider.value).toFixed(2));
    // As fast as one sees it, and no faster.
    asked ??= setTimeout(() => {
      asked = null;
      change(Number(slider.value));
    }, 60);
  });
  return {
    node: make('span', { class: 'nbruns-sliderBox' }, slider, shown),
    show(value) {
      if (asked !== null) return;
      slider.value = String(value);
      say(shown, Number(slider.value).toFixed(2));
    }
  };
}

function chartControls(send) {
  const set = settings => send({ type: 'set', settings });
  const kinds = segmented('Kind of chart', 'nbruns-kinds', Object.entries(KIND_WORDS).map(([value, title]) => ({ value, title, icon: `chart-${value}` })), kind => set({ kind }));
  const grid = iconButton('chart-grid', 'All metrics, a chart each', 'nbruns-gridToggle', () => set({ many: grid.getAttribute('aria-pressed') !== 'true' }));
  const more = iconButton('chart-settings', 'Axes, smoothing and groups', 'nbruns-chartMore', () => {
    opened = !opened;
    showRows();
  });
  const close = iconButton('close', 'Close the charts', 'nbruns-chartsClose', () => set({ is_open: false }));
  const scope = segmented('Runs in the chart', 'nbruns-scope', [{ value: 'ticked', title: 'The ticked runs', text: '' }, { value: 'listed', title: 'All listed runs', text: '' }], value => set({ scope: value }));
  const over = segmented('X axis', 'nbruns-over', Object.entries(OVER_WORDS).map(([value, text]) => ({ value, text, title: OVER_TITLES[value] })), value => set({ over: value }));
  const logX = toggle('Logarithmic x axis', 'log x', on => set({ log_x: on }));
  const logY = toggle('Logarithmic y axis', 'log y', on => set({ log_y: on }));
  const smooth = smoothingSlider(value => set({ smoothing: value }));
  const metric = picker('Metric to draw', value => send({ type: 'metric', metric: value }));
  const x = picker('X axis', value => set({ x: value }));
  const y = picker('Y axis', value => set({ y: value }));
  const z = picker('Metric', value => set({ z: value }));
  const by = picker('One box for each', value => set({ by: value }));
  const axes = multiPicker('Columns', values => set({ axes: values }));
  const group = picker('Group runs by', value => set({ group: value }));
  const spread = picker('Band around the mean', value => set({ spread: value }));
  // The menu of the only chart stands here; those of several stand by their titles.
  const tools = make('span', { class: 'nbruns-chartTools' });
  let opened = false;

  const fields = {
    metric: field('Metric', 'nbruns-field-metric', metric.node),
    z: field('Metric', 'nbruns-field-z', z.node),
    by: field('by', 'nbruns-field-by', by.node),
    x: field('x', 'nbruns-field-x', x.node),
    y: field('y', 'nbruns-field-y', y.node),
    axes: make('div', { class: 'nbruns-field nbruns-field-axes' }, axes.node)
  };
  const settings = {
    over: make('div', { class: 'nbruns-field' }, make('span', { class: 'nbruns-fieldName', text: 'x axis' }), over.node),
    logs: make('div', { class: 'nbruns-field' }, make('span', { class: 'nbruns-fieldName', text: 'scales' }), logX.node, logY.node),
    smoothing: field('smoothing', 'nbruns-field-smoothing', smooth.node),
    group: make('div', { class: 'nbruns-field nbruns-field-group' }, make('span', { class: 'nbruns-fieldName', text: 'group by' }), group.node, spread.node)
  };
  const bar = make('div', { class: 'nbruns-chartBar' }, kinds.node, make('span', { class: 'nbruns-spring' }), grid, more, tools, close);
  const first = make('div', { class: 'nbruns-chartFields' }, scope.node, ...Object.values(fields));
  const second = make('div', { class: 'nbruns-chartSettings', id: `nbruns-settings-${Math.random().toString(36).slice(2)}` }, ...Object.values(settings));
  attribute(more, 'aria-controls', second.id);
  const node = make('div', { class: 'nbruns-chartControls' }, bar, make('div', { class: 'nbruns-chartRows' }, first, second));

  function showRows() {
    attribute(more, 'aria-expanded', String(opened));
    second.classList.toggle('nbruns-opened', opened);
  }

  function show(now) {
    const named = names => names.map(name => [name, bare(name)]);
    const all = Object.entries(now.columns).map(([title, names]) => [title, named(names)]);
    const numbers = new Set(now.numbers);
    const ofNumbers = all.map(([title, names]) => [title, names.filter(([name]) => numbers.has(name))]);
    const measured = [['Metrics', named(now.columns.Metrics)], ['Run', [['attributes.duration', 'duration']]]];
    kinds.show(now.kind, now.kinds);
    const choosable = now.ticked > 1 && ['scatter', 'parallel', 'contour', 'box'].includes(now.kind);
    scope.node.hidden = !choosable;
    scope.show(now.scope);
    scope.say('ticked', `Ticked ${now.ticked}`);
    scope.say('listed', `All ${now.listed}${now.listed_more ? '+' : ''}`);
    const timed = ['curves', 'bar'].includes(now.kind);
    grid.hidden = !timed;
    attribute(grid, 'aria-pressed', String(now.many));
    close.hidden = now.ticked > 1;
    const shown = { metric: timed && !now.many, x: ['scatter', 'contour'].includes(now.kind), y: ['scatter', 'contour'].includes(now.kind), z: ['contour', 'box'].includes(now.kind), by: now.kind === 'box', axes: now.kind === 'parallel' };
    for (const [name, wanted] of Object.entries(shown)) fields[name].hidden = !wanted;
    first.hidden = !Object.values(shown).some(Boolean);
    metric.show([['', now.metrics.map(key => [key, key])]], now.metric ?? '');
    x.show(now.kind === 'contour' ? ofNumbers : all, now.x);
    y.show(now.kind === 'contour' ? ofNumbers : all, now.y);
    z.show(measured, now.z);
    by.show([['', named(now.groups)]], now.by);
    axes.show(all, now.axes);
    settings.over.hidden = now.kind !== 'curves';
    over.show(now.over);
    settings.logs.hidden = now.kind === 'parallel';
    logX.node.hidden = now.kind === 'box' || (now.kind === 'curves' && now.over === 'time');
    logY.node.hidden = now.kind === 'bar';
    logX.show(now.log_x);
    logY.show(now.log_y);
    settings.smoothing.hidden = now.kind !== 'curves';
    smooth.show(now.smoothing);
    settings.group.hidden = !['curves', 'bar', 'scatter'].includes(now.kind) || !now.groups.length;
    const offered = now.groups.includes(now.group) || !now.group ? now.groups : [...now.groups, now.group];
    group.show([['', [['', 'nothing'], ...named(offered)]]], now.group);
    spread.node.hidden = !now.group || now.kind !== 'curves';
    spread.show([['', [['range', 'min to max'], ['std', '± 1 std']]]], now.spread);
    more.hidden = Object.values(settings).every(each => each.hidden);
    second.hidden = more.hidden;
    showRows();
  }

  return { node, tools, show, close: axes.close };
}

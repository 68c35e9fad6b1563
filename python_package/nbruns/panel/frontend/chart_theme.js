// A figure of Python's in the colours of the theme of the moment, and in the reader's time zone.

function themeOf(el) {
  const style = getComputedStyle(el);
  const css = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const ink = css('--jp-ui-font-color1', '#333');
  const faded = fadedBy(ink, el);
  return {
    ink,
    faint: css('--jp-ui-font-color2', '#666'),
    // Of the ink: a theme's borders may be as dark as its ground, or as loud as its text.
    line: faded(0.32),
    grid: faded(0.1),
    paper: css('--jp-layout-color1', '#fff'),
    font: css('--jp-ui-font-family', 'sans-serif')
  };
}

// A colour of any spelling, with as little of it as asked for.
function fadedBy(colour, el) {
  const probe = make('span', { style: `color: ${colour}`, hidden: true });
  el.append(probe);
  const [red, green, blue, alpha = 1] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return share => `rgba(${red}, ${green}, ${blue}, ${alpha * share})`;
}

function themedAxis(given, theme, { titled }) {
  return {
    ...given,
    title: { text: titled ? (given?.title?.text ?? '') : '', font: { size: 10.5, color: theme.faint }, standoff: 6 },
    gridcolor: theme.grid,
    zeroline: false,
    linecolor: theme.line,
    tickfont: { size: 10, color: theme.faint },
    spikecolor: theme.faint,
    spikethickness: 1,
    spikedash: 'dot',
    automargin: true
  };
}

const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function themedTrace(trace, theme, wide) {
  const bar = given => ({ ...given, tickfont: { size: 10, color: theme.faint }, tickcolor: theme.line });
  if (trace.type === 'parcoords')
    return {
      ...trace,
      dimensions: trace.dimensions.map(each => ({ ...each, label: wide ? each.label : clipped(each.label, 11) })),
      labelangle: wide ? trace.labelangle : -20,
      labelfont: { size: wide ? 11 : 10, color: theme.ink },
      tickfont: { size: 10, color: theme.faint },
      rangefont: { size: 9.5, color: theme.faint },
      line: trace.line?.colorbar ? { ...trace.line, colorbar: bar(trace.line.colorbar) } : { color: '#3f7fd9' },
      unselected: { line: { color: theme.line, opacity: 0.6 } }
    };
  if (trace.type === 'contour') return { ...trace, colorbar: bar(trace.colorbar), line: { ...trace.line, color: theme.paper } };
  if (trace.type === 'bar') return { ...trace, error_x: trace.error_x && { ...trace.error_x, color: theme.ink, thickness: 1.2, width: 4 } };
  if (trace.type === 'box') return { ...trace, fillcolor: 'rgba(128,128,128,0.06)' };
  if (trace.marker?.line && !trace.marker.line.color) return { ...trace, marker: { ...trace.marker, line: { ...trace.marker.line, color: theme.paper } } };
  return trace;
}

// `full` is for a picture that stands alone: with titles, a legend and a ground to stand on.
function themed(figure, el, { kind, small = false, full = false, title = '' }) {
  const theme = themeOf(el);
  const { layout } = figure;
  const titled = full || !['curves', 'bar'].includes(kind);
  const parallel = kind === 'parallel';
  const { height, ...rest } = layout;
  const font = { family: theme.font, size: 11, color: theme.ink };
  const curves = kind === 'curves' && figure.data[0]?.type !== 'bar';
  const wide = full || el.clientWidth >= 480;
  return {
    data: figure.data.map(trace => themedTrace(trace, theme, wide)),
    layout: {
      ...rest,
      autosize: !full,
      margin: parallel ? { l: 44, r: 36, t: !wide || figure.data[0]?.labelangle ? 58 : 40, b: 22 } : { l: 8, r: 12, t: full ? 36 : 8, b: 8 },
      paper_bgcolor: theme.paper,
      plot_bgcolor: theme.paper,
      font,
      title: full ? { text: title, x: 0.02, y: 0.98, yanchor: 'top', font: { size: 13, color: theme.ink } } : undefined,
      hoverlabel: { bgcolor: theme.paper, bordercolor: theme.line, font: { ...font, size: wide ? 11 : 10 }, namelength: wide ? 40 : 18 },
      showlegend: full && figure.data.filter(trace => trace.showlegend !== false).length > 1 && layout.showlegend !== false,
      legend: { font },
      xaxis: { ...themedAxis(layout.xaxis, theme, { titled: titled || (curves && !small) }), unifiedhovertitle: curves && layout.xaxis?.type !== 'date' ? { text: `${layout.xaxis?.title?.text ?? 'x'} %{x}` } : undefined },
      yaxis: { ...themedAxis(layout.yaxis, theme, { titled }), showspikes: false }
    }
  };
}

// Plotly draws times as UTC: moved by the zone's offset, they read as the reader's clock does.
const zoneMs = ms => new Date(ms).getTimezoneOffset() * 60000;
const toLocal = ms => (typeof ms === 'number' ? ms - zoneMs(ms) : ms);
const fromLocal = ms => ms + zoneMs(ms);

function localised(values, axis) {
  return axis?.type === 'date' ? values.map(toLocal) : values;
}

function localiseFigure(figure) {
  const { xaxis, yaxis } = figure.layout;
  for (const trace of figure.data) {
    if (trace.x) trace.x = localised(trace.x, xaxis);
    if (trace.y) trace.y = localised(trace.y, yaxis);
  }
  return figure;
}

// What the reader sees of an x axis, in the numbers Python knows.
function rangeOf(axis) {
  const [low, high] = axis.range;
  if (axis.type === 'log') return [10 ** low, 10 ** high];
  if (axis.type !== 'date') return [low, high];
  const ms = text => (typeof text === 'number' ? text : Date.parse(`${String(text).replace(' ', 'T')}${/\d:\d/.test(text) ? '' : 'T00:00'}Z`));
  return [fromLocal(ms(low)), fromLocal(ms(high))];
}

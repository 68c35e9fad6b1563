// Draws a Plotly figure that Python built, in the colours of the theme of the moment.

function themed(layout, el) {
  const style = getComputedStyle(el);
  const css = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const ink = css('--jp-ui-font-color1', '#333');
  const faint = css('--jp-ui-font-color2', '#666');
  const line = css('--jp-border-color2', '#ddd');
  const paper = css('--jp-layout-color1', '#fff');
  const grid = css('--jp-border-color3', line);
  const axis = given => ({
    ...given,
    // The picker above the chart names the metric.
    title: { text: given?.title?.text === 'step' ? 'step' : '', font: { size: 10, color: faint }, standoff: 4 },
    gridcolor: grid,
    zerolinecolor: line,
    zerolinewidth: 1,
    linecolor: line,
    tickfont: { size: 10, color: faint },
    spikecolor: faint,
    spikethickness: 1,
    spikedash: 'dot',
    automargin: true
  });
  return {
    ...layout,
    autosize: true,
    margin: { l: 8, r: 10, t: 8, b: 8 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: css('--jp-ui-font-family', 'sans-serif'), size: 11, color: ink },
    hoverlabel: { bgcolor: paper, bordercolor: line, font: { size: 11, color: ink }, namelength: 16 },
    showlegend: false,
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis)
  };
}

function render({ model, el }) {
  const picker = make('select', {
    class: 'nbruns-metricPicker',
    'aria-label': 'Metric to draw',
    onchange: () => model.send({ type: 'metric', metric: picker.value })
  });
  const plot = make('div', { class: 'nbruns-plot', role: 'img' });
  const said = make('div', { class: 'nbruns-plotNote' });
  const frame = make('div', { class: 'nbruns-plotFrame' }, plot, said);
  el.append(make('div', { class: 'nbruns-toolbar' }, picker), frame);

  let figure = null;
  let Plotly = null;
  const config = { displayModeBar: false, responsive: false, doubleClick: 'reset' };

  function showPicker() {
    const metrics = model.get('metrics');
    const metric = model.get('metric');
    if ([...picker.options].map(o => o.value).join('\n') !== metrics.join('\n'))
      picker.replaceChildren(...metrics.map(name => make('option', { value: name, text: name })));
    picker.value = metric ?? '';
    attribute(picker, 'title', metric);
    attribute(plot, 'aria-label', metric ? `Chart of ${metric}` : 'Chart');
  }

  function showText() {
    const text = model.get('caption');
    say(said, text);
    said.hidden = !text;
    plot.style.visibility = text ? 'hidden' : 'visible';
  }

  async function draw() {
    if (!figure || !plot.isConnected) return;
    Plotly ??= await loadPlotly(model.get('plotly'));
    const layout = themed(figure.layout, el);
    await Plotly.react(plot, figure.data, { ...layout, uirevision: model.get('metric') }, config);
  }

  async function extend({ points }) {
    if (!figure) return;
    points.forEach(([x, y], place) => {
      figure.data[place].x.push(...x);
      figure.data[place].y.push(...y);
    });
    await draw();
  }

  function hear(message) {
    if (message.type === 'figure') figure = message.figure;
    const drawn = message.type === 'extend' ? extend(message) : draw();
    drawn.catch(error => {
      say(said, error.message);
      said.hidden = false;
    });
  }

  const redraw = () => hear({ type: 'theme' });
  const listen = [
    ['msg:custom', hear],
    ['change:metrics', showPicker],
    ['change:metric', showPicker],
    ['change:caption', showText]
  ];
  for (const [name, react] of listen) model.on(name, react);
  const theme = new MutationObserver(redraw);
  theme.observe(document.body, { attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light'] });
  const resized = new ResizeObserver(() => {
    if (Plotly && plot.offsetWidth && plot.classList.contains('js-plotly-plot')) Plotly.Plots.resize(plot);
  });
  resized.observe(frame);

  showPicker();
  showText();
  model.send({ type: 'ready' });
  return () => {
    theme.disconnect();
    resized.disconnect();
    for (const [name, react] of listen) model.off(name, react);
    if (Plotly) Plotly.purge(plot);
  };
}

export default { render };

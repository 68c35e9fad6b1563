// Charts as files: pictures drawn here, data from Python, all points from the server.

const csvCell = value => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

async function savePicture(Plotly, cell, format, el, kind) {
  const { width, height } = cell.plot.getBoundingClientRect();
  const { data, layout } = themed(cell.figure, el, { kind, full: true, title: cell.key });
  const size = { width: Math.max(640, Math.round(width)), height: Math.max(360, Math.round(height)) };
  const address = await Plotly.toImage({ data, layout: { ...layout, xaxis: { ...layout.xaxis, ...seenRange(cell, 'xaxis') }, yaxis: { ...layout.yaxis, ...seenRange(cell, 'yaxis') } } }, { format, scale: format === 'png' ? 2 : 1, ...size });
  const content = format === 'svg' ? decodeURIComponent(address.slice(address.indexOf(',') + 1)) : address;
  saveAs(fileName(cell.key, format), content, 'image/svg+xml');
}

// A picture shows what the reader has zoomed to.
function seenRange(cell, name) {
  const axis = cell.plot._fullLayout?.[name];
  return axis?.range && axis.autorange !== true && axis.type !== 'category' ? { range: [...axis.range], autorange: false } : {};
}

// Page by page over MLflow's protocol, so that no more than a page is ever held as JSON.
async function saveAllPoints(root, metric, runs, progress) {
  const chunks = ['run,run_id,step,timestamp_ms,value\n'];
  let count = 0;
  for (const [runId, name] of runs) {
    let token = '';
    do {
      const query = new URLSearchParams({ run_id: runId, metric_key: metric, max_results: '25000' });
      if (token) query.set('page_token', token);
      const reply = await fetch(`${root}api/2.0/mlflow/metrics/get-history?${query}`, { credentials: 'same-origin' });
      if (!reply.ok) throw new Error(`The server answered with status ${reply.status}.`);
      const page = await reply.json();
      const points = page.metrics ?? [];
      chunks.push(points.map(point => `${csvCell(name)},${runId},${point.step ?? 0},${point.timestamp},${point.value}\n`).join(''));
      count += points.length;
      progress(count);
      token = page.next_page_token ?? '';
    } while (token);
  }
  saveAs(fileName(metric, 'csv'), chunks, 'text/csv');
}

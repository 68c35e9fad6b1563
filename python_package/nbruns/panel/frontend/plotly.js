// The page's one plotly.js, served by the Jupyter server out of the Python package.

function rootOfServer({ base: fallback }) {
  const page = document.getElementById('jupyter-config-data');
  const base = page ? JSON.parse(page.textContent).baseUrl : null;
  return base ? `${base}nbruns/` : fallback;
}

function plotlyAddress(wanted) {
  return `${rootOfServer(wanted)}static/plotly.min.js?v=${wanted.version}`;
}

// Once per page, whichever widget asks first: it is 5 MB of script.
function loadPlotly(wanted) {
  window.nbrunsPlotly ??= runScript(plotlyAddress(wanted)).catch(error => {
    window.nbrunsPlotly = undefined;
    throw error;
  });
  return window.nbrunsPlotly;
}

// So that it lies in the page's cache when it is loaded.
function fetchPlotly(wanted) {
  if (!window.nbrunsPlotly) document.head.append(make('link', { rel: 'preload', as: 'script', href: plotlyAddress(wanted) }));
}

function runScript(address) {
  return new Promise((resolve, reject) => {
    const script = make('script', { src: address, async: true });
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : script.onerror());
    script.onerror = () => {
      script.remove();
      reject(new Error('plotly.js could not be loaded from the Jupyter server'));
    };
    document.head.append(script);
  });
}

// Pages that no nbruns server served, such as VS Code's: the kernel has the script, packed
// because servers hold back kernels that say more than a megabyte a second.
async function loadPlotlyOf(model) {
  try {
    return await loadPlotly(model.get('plotly'));
  } catch {
    window.nbrunsPlotly ??= sentPlotly(model).catch(error => {
      window.nbrunsPlotly = undefined;
      throw error;
    });
    return window.nbrunsPlotly;
  }
}

async function sentPlotly(model) {
  const packed = await new Promise(resolve => {
    const hear = ({ type }, buffers) => {
      if (type !== 'plotly') return;
      model.off('msg:custom', hear);
      resolve(buffers[0]);
    };
    model.on('msg:custom', hear);
    model.send({ type: 'plotly' });
  });
  const text = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const address = URL.createObjectURL(new Blob([await new Response(text).blob()], { type: 'text/javascript' }));
  return runScript(address).finally(() => URL.revokeObjectURL(address));
}

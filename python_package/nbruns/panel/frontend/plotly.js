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
  window.nbrunsPlotly ??= new Promise((resolve, reject) => {
    const script = make('script', { src: plotlyAddress(wanted), async: true });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      window.nbrunsPlotly = undefined;
      script.remove();
      reject(new Error('plotly.js could not be loaded from the Jupyter server'));
    };
    document.head.append(script);
  });
  return window.nbrunsPlotly;
}

// Loads it when the reader rests for a moment: a first chart would wait a second for it.
// What fails here is said by the chart that then tries again.
function preparePlotly(wanted) {
  const rests = window.requestIdleCallback ?? (call => setTimeout(call, 200));
  const timer = setTimeout(() => rests(() => loadPlotly(wanted).catch(() => undefined), { timeout: 1000 }), 600);
  return () => clearTimeout(timer);
}

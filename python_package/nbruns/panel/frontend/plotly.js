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

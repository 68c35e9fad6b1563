// What only JupyterLab's side of the page can draw: Markdown, notebooks, Parquet.
// It answers events that bubble up to the document; where nobody listens, nothing is drawn.

function askHost(kind, node, said) {
  const detail = { kind, node, ...said };
  const event = new CustomEvent('nbruns-render', { bubbles: true, composed: true, cancelable: true, detail });
  const isHeard = !node.dispatchEvent(event);
  return isHeard ? detail : null;
}

function releaseHost(node) {
  node.dispatchEvent(new CustomEvent('nbruns-release', { bubbles: true, composed: true, detail: { node } }));
}

// Markdown by JupyterLab's own renderer, which sanitises it; as it was written elsewhere.
function drawMarkdown(node, text) {
  node.dataset.text = text;
  node.classList.add('nbruns-plainText');
  node.textContent = text;
  whenAttached(node, () => {
    if (node.dataset.text !== text) return;
    node.textContent = '';
    if (askHost('markdown', node, { data: text })) node.classList.remove('nbruns-plainText');
    else node.textContent = text;
  });
}

// A view is drawn before it is put into the page, where alone it can be heard.
function whenAttached(node, call, patience = 600) {
  if (node.isConnected) call();
  else if (patience) requestAnimationFrame(() => whenAttached(node, call, patience - 1));
}

// A run's files: the tree, and what the chosen one looks like.

function render({ model, el }) {
  const part = section(model, 'artifacts', 'Artifacts', { onopen: () => tree.start() });
  const root = rootOfServer(model.get('plotly'));
  const words = make('div', { class: 'nbruns-nothing' });
  const tree = fileTree({
    list: (place, path, token) => model.send({ type: 'list', run: model.get('run_id'), root: place, path, token }),
    choose
  });
  const title = make('span', { class: 'nbruns-ellipsis', dir: 'auto' });
  const size = make('span', { class: 'nbruns-fileSize' });
  const download = make('a', { class: 'nbruns-iconButton nbruns-download', title: 'Download', 'aria-label': 'Download', download: '' }, icon('download'));
  const shut = iconButton('close', 'Close the preview', 'nbruns-closePreview', () => choose(''));
  const shown = make('div', { class: 'nbruns-previewBody' });
  const box = make('div', { class: 'nbruns-preview', hidden: true }, make('div', { class: 'nbruns-previewHead' }, title, size, download, shut), shown);
  part.tools.append(iconButton('refresh', 'List the files anew', 'nbruns-refresh', event => { event.preventDefault(); tree.renew(); }));
  part.body.append(words, tree.node, box);
  el.append(part.node);
  let run = null;
  let looking = null;
  let drawn = null;

  function choose(path) {
    if (model.get('chosen') === path && !path) return;
    model.set('chosen', model.get('chosen') === path ? '' : path);
    model.save_changes();
  }

  function look() {
    const path = model.get('chosen');
    tree.forgetSearch();
    tree.mark(path || null);
    if (!path) return drop();
    part.node.open = true;
    tree.find(path, file => (file ? open(path, file) : lost(path)));
  }

  function drop() {
    looking?.abort();
    looking = drawn = null;
    releaseHost(shown);
    shown.replaceChildren();
    box.hidden = true;
  }

  function head(path, file) {
    say(title, path.split('/').pop());
    attribute(title, 'title', path);
    say(size, file ? sizeWords(file.size) : '');
    download.hidden = !file?.url;
    attribute(download, 'href', file?.url);
    attribute(download, 'download', file?.name);
    box.hidden = false;
  }

  function lost(path) {
    drop();
    head(path, null);
    refuse(shown, 'There is no such file.');
  }

  async function open(path, found) {
    const address = model.get('roots').find(one => one.key === found.root)?.address;
    const file = { ...found, url: address ? fileUrl(root, address, found.path) : '' };
    const mark = `${run}\n${path}\n${file.size}`;
    if (drawn === mark) return;
    drop();
    drawn = mark;
    looking = new AbortController();
    const { signal } = looking;
    head(path, file);
    box.scrollIntoView({ block: 'nearest' });
    if (!file.url) return refuse(shown, 'This file lies in another store and cannot be shown here.');
    shown.replaceChildren(make('div', { class: 'nbruns-nothing', text: 'Reading…' }));
    try {
      await preview(shown, file, model.get('plotly'), signal);
      if (!signal.aborted) box.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      if (!signal.aborted) refuse(shown, `This file cannot be shown: ${error.message}`);
    }
  }

  function show() {
    const next = model.get('run_id');
    el.hidden = !next;
    if (next !== run) {
      run = next;
      drop();
      tree.begin(model.get('roots'));
      part.count(0);
      words.hidden = true;
      if (part.node.open && next) tree.start();
      if (model.get('chosen')) look();
    } else tree.setRoots(model.get('roots'));
  }

  let renewing = 0;
  function hear(message) {
    if (message.run !== run) return;
    if (message.type === 'files') {
      tree.take(message);
      part.count(tree.count());
      words.hidden = !(tree.isEmpty() || tree.trouble());
      say(words, tree.trouble() ?? 'No files yet');
    } else if (message.type === 'stale' && part.node.open) {
      // A run that logs all the time is not asked for its files all the time.
      renewing ||= setTimeout(() => {
        renewing = 0;
        if (part.node.open && el.offsetParent) tree.renew();
      }, 1500);
    }
  }

  const turn = () => part.look();
  model.on('change:run_id', show);
  model.on('change:roots', show);
  model.on('change:chosen', look);
  model.on('change:turned', turn);
  model.on('msg:custom', hear);
  show();
  return () => {
    clearTimeout(renewing);
    drop();
    model.off('change:run_id', show);
    model.off('change:roots', show);
    model.off('change:chosen', look);
    model.off('change:turned', turn);
    model.off('msg:custom', hear);
  };
}

export default { render };

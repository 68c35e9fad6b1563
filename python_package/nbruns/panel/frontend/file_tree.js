// The tree of a run's files: folders are listed when they are opened, long ones page by page.

const FILE_ICONS = { folder: 'folder', image: 'image', video: 'media', audio: 'media', table: 'table', parquet: 'table', notebook: 'notebook', text: 'text', markdown: 'text', json: 'code', html: 'code' };

function fileTree({ list, choose }) {
  const node = make('div', { class: 'nbruns-fileTree', role: 'tree', 'aria-label': 'Artifacts' });
  // What was listed, by root and path; what is open; what is looked at.
  let folders = new Map();
  let open = new Set();
  let roots = [];
  let chosen = null;
  let fixed = null;

  const at = (root, path) => `${root}\n${path}`;
  const joined = (root, path) => (root ? `${root}/${path}` : path);

  function ask(root, path, token = null) {
    const known = folders.get(at(root, path));
    if (known) known.asked = true;
    else folders.set(at(root, path), { files: [], next: null, asked: true });
    list(root, path, token);
  }

  function toggle(root, path) {
    const key = at(root, path);
    if (open.has(key)) open.delete(key);
    else {
      open.add(key);
      if (!folders.has(key)) ask(root, path);
    }
    draw();
  }

  // The lines in sight, from the top of the tree down.
  function* lines(root, path, level) {
    const folder = folders.get(at(root, path));
    if (!folder) return;
    // A folder that has come whole shows its folders first.
    const files = folder.next ? folder.files : [...folder.files.filter(file => file.kind === 'folder'), ...folder.files.filter(file => file.kind !== 'folder')];
    for (const file of files) {
      yield { ...file, key: at(root, file.path), root, level };
      if (file.kind === 'folder' && open.has(at(root, file.path))) yield* lines(root, file.path, level + 1);
    }
    if (folder.trouble) yield { key: `${at(root, path)}\n!`, words: folder.trouble, level };
    else if (folder.next) yield { key: `${at(root, path)}\n…`, words: 'Show more', more: () => ask(root, path, folder.next), level };
    else if (!files.length && level) yield { key: `${at(root, path)}\n0`, words: folder.asked ? 'Reading…' : 'Empty', level };
  }

  function* all() {
    yield* lines('', '', 0);
    for (const root of roots.filter(one => one.key)) {
      const key = at(root.key, '');
      yield { key, root: root.key, path: '', name: root.name, kind: 'folder', level: 0, isModel: true };
      if (open.has(key)) yield* lines(root.key, '', 1);
    }
  }

  function create(line) {
    if (line.words) return make('div', { class: 'nbruns-fileLine nbruns-fileWords', role: 'treeitem' }, line.more ? make('button', { type: 'button', class: 'nbruns-link', text: line.words, onclick: line.more }) : make('span', { text: line.words }));
    const press = () => (line.kind === 'folder' ? toggle(line.root, line.path) : choose(joined(line.root, line.path)));
    const row = make('div', { class: 'nbruns-fileLine', role: 'treeitem', tabindex: '-1', 'data-path': joined(line.root, line.path), title: line.path || line.name, onclick: press });
    row.append(make('span', { class: 'nbruns-twist' }), icon(line.isModel ? 'register' : (FILE_ICONS[line.kind] ?? 'file')), make('span', { class: 'nbruns-ellipsis', dir: 'auto', text: line.name }), make('span', { class: 'nbruns-fileSize' }));
    if (line.isModel) row.append(make('span', { class: 'nbruns-modelType', text: 'model' }));
    return row;
  }

  function update(row, line) {
    row.style.setProperty('--nbruns-level', line.level);
    if (line.words) return;
    attribute(row, 'aria-level', line.level + 1);
    if (line.kind === 'folder') attribute(row, 'aria-expanded', String(open.has(line.key)));
    else say(row.querySelector('.nbruns-fileSize'), sizeWords(line.size));
    const isChosen = joined(line.root, line.path) === chosen;
    attribute(row, 'aria-selected', isChosen ? 'true' : null);
  }

  function draw() {
    patch(node, [...all()], { key: line => line.key, create, update });
    const rows = treeRows();
    if (!rows.some(row => row.tabIndex === 0) && rows[0]) rows[0].tabIndex = 0;
  }

  const treeRows = () => [...node.querySelectorAll('[data-path]')];

  node.addEventListener('keydown', event => {
    const rows = treeRows(), place = rows.indexOf(document.activeElement);
    if (place < 0) return;
    const row = rows[place], expanded = row.getAttribute('aria-expanded');
    const steps = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 };
    const opens = event.key === 'ArrowRight' && expanded === 'false', closes = event.key === 'ArrowLeft' && expanded === 'true';
    if (event.key in steps) focusRow(rows[Math.max(0, Math.min(rows.length - 1, steps[event.key]))]);
    else if (event.key === 'ArrowLeft' && !closes) focusRow(rows.slice(0, place).reverse().find(other => other.ariaLevel < row.ariaLevel) ?? row);
    else if (event.key === 'Enter' || event.key === ' ' || opens || closes) row.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function focusRow(row) {
    for (const other of treeRows()) other.tabIndex = other === row ? 0 : -1;
    row.focus();
  }

  return {
    node,
    // Another run: its first folder is asked for when somebody looks.
    begin(next) {
      folders = new Map();
      open = new Set();
      chosen = null;
      roots = next;
      draw();
    },
    setRoots(next) {
      roots = next;
      draw();
    },
    start() {
      if (!folders.has(at('', ''))) ask('', '');
    },
    // What is listed is asked for anew, and stays in sight meanwhile.
    renew() {
      for (const key of folders.keys()) {
        const [root, path] = key.split('\n');
        if (path === '' && !root ? true : open.has(key)) ask(root, path);
      }
    },
    take({ root, path, token, files, next, trouble }) {
      const key = at(root, path), known = folders.get(key);
      // A renewed first page leaves the pages below it as they were.
      const first = token ? known?.files ?? [] : files;
      const rest = token ? files : (known?.files ?? []).length > files.length && next ? known.files.slice(files.length) : [];
      const names = new Set(first.map(file => file.name));
      folders.set(key, { files: [...first, ...rest.filter(file => !names.has(file.name))], next: token || !rest.length ? next : known.next, trouble, asked: false });
      draw();
      fixed?.();
    },
    count: () => folders.get(at('', ''))?.files.length ?? 0,
    isEmpty: () => folders.get(at('', ''))?.asked === false && !folders.get(at('', '')).files.length && roots.length < 2,
    trouble: () => folders.get(at('', ''))?.trouble,
    mark(path) {
      chosen = path;
      draw();
    },
    // The record of a file; the folders on the way to it are opened and listed first.
    find(path, found) {
      const root = roots.find(one => one.key && path.startsWith(`${one.key}/`))?.key ?? '';
      const inside = root ? path.slice(root.length + 1) : path;
      const parts = inside.split('/');
      const look = () => {
        for (let depth = 0; depth < parts.length; depth++) {
          const above = parts.slice(0, depth).join('/'), key = at(root, above);
          if (depth || root) open.add(key);
          const folder = folders.get(key);
          if (!folder || (folder.asked && !folder.files.length)) {
            if (!folder) ask(root, above);
            return;
          }
          if (depth < parts.length - 1) continue;
          const file = folder.files.find(one => one.path === inside);
          if (!file && folder.next) return ask(root, above, folder.next);
          fixed = null;
          draw();
          found(file ? { ...file, root } : null);
        }
      };
      fixed = look;
      look();
    },
    forgetSearch: () => (fixed = null)
  };
}

// A line of the list of models: a folder, or a model with where its versions stand.

const ROW = 36;
// Deeper lines of a narrow panel are not pushed further to the right.
const STEP = 14;

function makeModelRow(does) {
  const twist = make('span', { class: 'nbruns-foldMark', 'aria-hidden': 'true' });
  const picture = make('span', { class: 'nbruns-modelPicture' });
  const name = make('span', { class: 'nbruns-name', dir: 'auto' });
  const newest = make('span', { class: 'nbruns-newestVersion' });
  const held = make('span', { class: 'nbruns-holds' });
  const waiting = make('span', { class: 'nbruns-pendingCount' });
  const when = make('span', { class: 'nbruns-lastChange' });
  const node = make('div', { class: 'nbruns-modelRow', role: 'treeitem', tabindex: '-1', onclick: () => does(node) }, twist, picture, name, newest, held, waiting, when);
  node.line = null;
  node.parts = { picture, name, newest, held, waiting, when };
  return node;
}

function tickModelRow(node) {
  const { line, parts } = node;
  say(parts.when, line?.changed_ms ? ago(line.changed_ms) : '');
}

function showModelRow(node, line, index, current) {
  const { picture, name, newest, held, waiting, when } = node.parts;
  const isFolder = line.models !== undefined;
  const known = node.line;
  node.line = line;
  node.style.top = `${index * ROW}px`;
  node.style.setProperty('--nbruns-depth', `${line.depth * STEP}px`);
  node.dataset.index = index;
  attribute(node, 'data-path', line.path);
  attribute(node, 'aria-level', line.depth + 1);
  attribute(node, 'aria-expanded', isFolder ? String(line.is_open) : null);
  attribute(node, 'aria-current', !isFolder && line.path === current ? 'true' : null);
  node.classList.toggle('nbruns-folderRow', isFolder);
  if (!known) picture.append(icon(isFolder ? 'folder' : 'register'));
  say(name, line.label);
  attribute(name, 'title', line.path);
  say(newest, isFolder ? line.models.toLocaleString() : line.newest ? `v${line.newest}` : '');
  attribute(newest, 'title', isFolder ? `${line.models.toLocaleString()} ${line.models === 1 ? 'model' : 'models'}` : line.newest ? `Newest of ${line.versions.toLocaleString()} ${line.versions === 1 ? 'version' : 'versions'}` : null);
  showHeld(held, line);
  waiting.hidden = !line.pending;
  say(waiting, line.pending ? `${line.pending} ${line.pending === 1 ? 'request' : 'requests'}` : '');
  attribute(waiting, 'title', line.pending ? 'Requests that wait for a decision' : null);
  tickModelRow(node);
  attribute(when, 'title', line.changed_ms ? [absolute(line.changed_ms), line.changed_by && `by ${line.changed_by}`].filter(Boolean).join('\n') : null);
}

function showHeld(held, line) {
  const told = JSON.stringify([line.aliases, line.stages, line.newest, line.models]);
  if (held.dataset.told === told) return;
  held.dataset.told = told;
  const chips = [...(line.aliases ?? []).map(([alias, version]) => aliasChip(alias, version)), ...(line.stages ?? []).map(([stage, version]) => stageChip(stage, version))];
  const none = line.models !== undefined || chips.length ? [] : [make('span', { class: 'nbruns-nowhere', text: line.newest ? `${line.versions.toLocaleString()} ${line.versions === 1 ? 'version' : 'versions'}` : 'no versions yet' })];
  held.replaceChildren(...chips, ...none);
  attribute(held, 'title', chips.map(chip => chip.title).join('\n') || null);
}

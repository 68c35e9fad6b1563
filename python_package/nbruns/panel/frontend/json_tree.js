// JSON as a tree whose branches are made when they are opened.

const MOST_BRANCHES = 200;

function jsonTree(value, name = null, open = true) {
  const label = name === null ? null : make('span', { class: 'nbruns-jsonKey', dir: 'auto', text: name });
  if (value === null || typeof value !== 'object') {
    const words = value === null ? 'null' : typeof value === 'string' ? JSON.stringify(value) : String(value);
    return make('div', { class: 'nbruns-jsonLeaf' }, label, make('span', { class: `nbruns-json-${value === null ? 'null' : typeof value}`, dir: 'auto', text: words.length > 2000 ? `${words.slice(0, 2000)}…` : words }));
  }
  const isList = Array.isArray(value);
  const keys = isList ? null : Object.keys(value);
  const count = isList ? value.length : keys.length;
  const words = isList ? `[${count}]` : `{${count}}`;
  if (!count) return make('div', { class: 'nbruns-jsonLeaf' }, label, make('span', { class: 'nbruns-jsonCount', text: isList ? '[]' : '{}' }));
  const branches = make('div', { class: 'nbruns-jsonBranches' });
  const details = make('details', { class: 'nbruns-jsonBranch' }, make('summary', {}, label, make('span', { class: 'nbruns-jsonCount', text: words })), branches);
  const grow = from => {
    const until = Math.min(count, from + MOST_BRANCHES);
    for (let at = from; at < until; at++) branches.append(jsonTree(value[isList ? at : keys[at]], isList ? String(at) : keys[at], false));
    if (until < count) branches.append(make('button', { type: 'button', class: 'nbruns-link', text: `${count - until} more`, onclick: event => { event.target.remove(); grow(until); } }));
  };
  details.addEventListener('toggle', () => details.open && !branches.firstChild && grow(0));
  if (open) {
    grow(0);
    details.open = true;
  }
  return details;
}

// Changed cells of two notebooks side by side; one under the other where there is no room.

function codeText(pieces) {
  const text = make('span', { class: 'nbruns-codeText' });
  for (const [words, marked] of pieces) text.append(marked ? make('mark', { text: words }) : words);
  return text;
}

const SIGNS = { same: '', removed: '−', added: '+' };

function codeSide(side, kind, number, pieces) {
  return make('div', { class: `nbruns-codeLine nbruns-${side} nbruns-code-${kind}` }, make('span', { class: 'nbruns-codeNumber', text: number ?? '' }), make('span', { class: 'nbruns-codeSign', 'aria-label': kind === 'same' ? null : kind, text: SIGNS[kind] ?? '' }), codeText(pieces ?? []));
}

// Lines that were replaced stand opposite those that replaced them.
function codeRows(lines) {
  const rows = [];
  let removed = [];
  let added = [];
  const flush = () => {
    for (let place = 0; place < Math.max(removed.length, added.length); place++) {
      const [old, now] = [removed[place], added[place]];
      rows.push(old ? codeSide('left', 'removed', old[1], old[3]) : codeSide('left', 'none'));
      rows.push(now ? codeSide('right', 'added', now[2], now[3]) : codeSide('right', 'none'));
    }
    removed = [];
    added = [];
  };
  for (const line of lines) {
    const [kind, old, now, pieces] = line;
    if (kind === 'removed') removed.push(line);
    else if (kind === 'added') added.push(line);
    else {
      flush();
      if (kind === 'fold') rows.push(make('div', { class: 'nbruns-codeFold', text: `${old} equal ${old === 1 ? 'line' : 'lines'}` }));
      else rows.push(codeSide('left', 'same', old, pieces), codeSide('right', 'same', now, pieces));
    }
  }
  flush();
  return rows;
}

function changedCells({ cells, more }) {
  const nodes = cells.map(({ title, lines }) => make('section', { class: 'nbruns-codeCell', 'aria-label': title }, make('div', { class: 'nbruns-codeTitle', text: title }), make('div', { class: 'nbruns-codeLines', dir: 'ltr' }, ...codeRows(lines))));
  if (more) nodes.push(make('div', { class: 'nbruns-codeFold', text: `${more} more cells changed` }));
  return nodes;
}

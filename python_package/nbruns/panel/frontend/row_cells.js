// The cells of a row's columns: a value, and under it the curve it came by.

const LEVELS = '0123456789abcdef';

// One hexadecimal digit a point, from the smallest value to the largest.
function curvePath(text, width, height) {
  const across = (width - 3) / Math.max(1, text.length - 1);
  const down = (height - 3) / 15;
  return [...text].map((digit, place) => `${place ? 'L' : 'M'}${(1 + place * across).toFixed(1)} ${(height - 1.5 - LEVELS.indexOf(digit) * down).toFixed(1)}`).join('');
}

// The hover: in full what the cell has no room for.
function hoverOf(cell, column, row) {
  const lines = [];
  if (cell.best) lines.push('Best of all runs listed');
  if (cell.ends) lines.push(column.key, `last ${cell.last ?? cell.exact ?? cell.text}`, `smallest ${cell.ends[0]}`, `largest ${cell.ends[1]}`);
  else if (cell.text) lines.push(`${column.title} = ${cell.exact ?? cell.text}${cell.cut ? '…' : ''}`);
  if ('ms' in cell) lines.push(absolute(cell.ms));
  if (cell.inner) lines.push(`Best of ${row.children} nested runs: ${column.key} = ${cell.inner.exact ?? cell.inner.text}`);
  return lines.join('\n') || null;
}

function makeCell() {
  const value = make('span', { class: 'nbruns-value' });
  const curve = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'path');
  curve.setAttribute('class', 'nbruns-listSpark');
  curve.setAttribute('viewBox', '0 0 60 15');
  curve.setAttribute('preserveAspectRatio', 'none');
  curve.setAttribute('aria-hidden', 'true');
  curve.append(line);
  const inner = make('span', { class: 'nbruns-inner' });
  const node = make('span', { class: 'nbruns-metric', role: 'gridcell' }, value, inner, curve);
  let drawn = '';

  return {
    node,
    show(cell, column, row, isMoving) {
      const text = cell.took ? spanSoFar(row.started_ms, row.ended_ms) : 'ms' in cell ? ago(cell.ms) : (cell.text ?? '');
      const moved = isMoving && value.textContent !== text && row.status === 'RUNNING';
      say(value, text);
      attribute(node, 'title', hoverOf(cell, column, row));
      node.classList.toggle('nbruns-best', Boolean(cell.best));
      node.classList.toggle('nbruns-words', !column.isNumber);
      node.classList.toggle('nbruns-tagCell', column.kind === 'tags');
      node.classList.toggle('nbruns-empty', !text);
      say(inner, cell.inner ? `↳ ${cell.inner.text}` : '');
      inner.hidden = !cell.inner;
      const wanted = cell.inner ? '' : (cell.spark ?? '');
      if (wanted !== drawn) {
        drawn = wanted;
        line.setAttribute('d', curvePath(wanted, 60, 15));
      }
      // A metric that has moved has a curve: its place is kept until it comes.
      curve.toggleAttribute('hidden', !wanted && (Boolean(cell.inner) || !cell.ends));
      if (moved) {
        value.classList.remove('nbruns-moved');
        void value.offsetWidth;
        value.classList.add('nbruns-moved');
      }
    }
  };
}

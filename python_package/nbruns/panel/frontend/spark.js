// Curves of a few pixels, and the larger one a metric unfolds to.

function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// Where the points of a curve lie in a box; the steps say how far apart they are.
function placed({ x, y }, width, height, margin = 2) {
  const real = y.filter(value => value !== null);
  const low = Math.min(...real), high = Math.max(...real);
  const first = x[0], last = x[x.length - 1];
  const across = step => (last === first ? width / 2 : margin + ((step - first) / (last - first)) * (width - 2 * margin));
  const down = value => (high === low ? height / 2 : height - margin - ((value - low) / (high - low)) * (height - 2 * margin));
  return x.map((step, place) => (y[place] === null ? null : [across(step), down(y[place])]));
}

// Values that are no numbers leave a gap.
function pathOf(points) {
  let pen = 'M';
  return points
    .map(point => {
      if (!point) {
        pen = 'M';
        return '';
      }
      const piece = `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      pen = 'L';
      return piece;
    })
    .join('');
}

function drawSpark(box, curve) {
  const width = 64, height = 18;
  const points = placed(curve, width, height);
  const drawn = points.filter(Boolean);
  if (drawn.length < 2) return box.replaceChildren();
  const [x, y] = drawn[drawn.length - 1];
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'nbruns-spark', 'aria-hidden': 'true' });
  picture.append(svg('path', { d: pathOf(points) }), svg('circle', { cx: x, cy: y, r: 1.6 }));
  box.replaceChildren(picture);
}

// The curve of one metric, as wide as there is room, with a reading under the pointer.
function curveBox(name) {
  const plot = make('div', { class: 'nbruns-curvePlot', role: 'img' });
  const top = make('span', { class: 'nbruns-curveTop' }), bottom = make('span', { class: 'nbruns-curveBottom' });
  const from = make('span', {}), to = make('span', {}), reading = make('span', { class: 'nbruns-curveReading' });
  const box = make('div', { class: 'nbruns-curve' }, make('div', { class: 'nbruns-curveFrame' }, top, bottom, plot), make('div', { class: 'nbruns-curveSteps' }, from, reading, to));
  let curve = null;
  let points = [];
  const height = 92;

  function draw() {
    const width = plot.clientWidth;
    if (!curve || !width) return;
    points = placed(curve, width, height, 4);
    const picture = svg('svg', { width, height, 'aria-hidden': 'true' });
    const drawn = points.filter(Boolean);
    picture.append(svg('path', { d: pathOf(points) }));
    for (const [x, y] of drawn.length < 30 ? drawn : []) picture.append(svg('circle', { cx: x, cy: y, r: 2 }));
    picture.append(svg('line', { y1: 0, y2: height, class: 'nbruns-cross', visibility: 'hidden' }), svg('circle', { r: 3.5, class: 'nbruns-crossPoint', visibility: 'hidden' }));
    plot.replaceChildren(picture);
  }

  function read(event) {
    const at = event.clientX - plot.getBoundingClientRect().left;
    let best = -1;
    points.forEach((point, place) => {
      if (point && (best < 0 || Math.abs(point[0] - at) < Math.abs(points[best][0] - at))) best = place;
    });
    if (best < 0) return;
    const [x, y] = points[best];
    const [line, dot] = [plot.querySelector('.nbruns-cross'), plot.querySelector('.nbruns-crossPoint')];
    for (const [key, value] of [['x1', x], ['x2', x], ['visibility', 'visible']]) line.setAttribute(key, value);
    for (const [key, value] of [['cx', x], ['cy', y], ['visibility', 'visible']]) dot.setAttribute(key, value);
    say(reading, `step ${curve.x[best]}: ${curve.words[best]}`);
  }

  plot.addEventListener('pointermove', read);
  plot.addEventListener('pointerleave', () => {
    for (const mark of plot.querySelectorAll('.nbruns-cross, .nbruns-crossPoint')) mark.setAttribute('visibility', 'hidden');
    say(reading, '');
  });
  new ResizeObserver(draw).observe(plot);
  return {
    box,
    show(next) {
      curve = next;
      say(top, next.max.text);
      say(bottom, next.max.text === next.min.text ? '' : next.min.text);
      const count = next.x.length;
      say(from, count > 1 ? `step ${next.x[0]}` : '');
      say(to, count ? `step ${next.x[count - 1]}` : '');
      attribute(plot, 'aria-label', `${name}: ${count} points, from ${next.min.text} to ${next.max.text}`);
      draw();
    }
  };
}

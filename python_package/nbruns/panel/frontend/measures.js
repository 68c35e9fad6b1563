// How a version stands: its metrics beside those of the version it is measured against.

const FEW_ROWS = 12;
const FEW_PARAMS = 8;

function measuresSection(model, send) {
  const part = section(model, 'measures', 'Metrics');
  const choose = make('select', { class: 'nbruns-input nbruns-baselines', 'aria-label': 'Compare with', onchange: () => send('baseline', { key: choose.value }) });
  const open = make('button', { type: 'button', class: 'nbruns-link nbruns-openBaseline', onclick: () => send('go', { to: model.get('standing').to }) });
  const compare = make('button', { type: 'button', class: 'nbruns-link nbruns-compareRuns', text: 'Compare runs', onclick: () => send('compare') });
  const line = make('div', { class: 'nbruns-baselineLine' }, make('span', { text: 'against' }), choose, open, make('span', { class: 'nbruns-grow' }), compare);
  const words = make('div', { class: 'nbruns-nothing' });
  const table = make('table', { class: 'nbruns-measures' });
  const sentence = make('div', { class: 'nbruns-standingSentence' });
  const differ = make('div', { class: 'nbruns-differing' });
  const unfolded = new Set();
  part.body.append(line, words, table, sentence, differ);

  const cell = (text, more = {}) => make('td', { ...more, text: text ?? '' });

  function metricRow(row, isAgainst) {
    const value = cell(row.text, { title: row.full || null });
    if (!isAgainst) return make('tr', { 'data-name': row.name }, heading(row.name), value);
    const delta = cell(row.delta, { class: row.mood ? `nbruns-${row.mood}` : null, title: row.mood ? `${row.mood} than version ${model.get('standing').version}` : null });
    return make('tr', { 'data-name': row.name }, heading(row.name), value, cell(row.other, { title: row.other_full || null }), delta);
  }

  const heading = name => make('th', { scope: 'row', class: 'nbruns-ellipsis', title: name, dir: 'auto', text: name });

  function heads(said) {
    const { version } = model.get('card');
    const names = said.version ? ['', `v${version}`, `v${said.version}`, 'Δ'] : ['', `v${version}`];
    const spoken = ['Name', `Version ${version}`, `Version ${said.version}`, 'Difference'];
    return make('thead', {}, make('tr', {}, ...names.map((text, place) => make('th', { scope: 'col', 'aria-label': spoken[place], text }))));
  }

  // The first rows; the others when they are asked for.
  function body(rows, key, create) {
    const shown = unfolded.has(key) || rows.length <= FEW_ROWS + 2 ? rows : rows.slice(0, FEW_ROWS);
    const box = make('tbody', {}, ...shown.map(create));
    if (shown.length < rows.length) {
      const more = make('button', { type: 'button', class: 'nbruns-link', text: `${rows.length - shown.length} more` });
      const last = make('tr', {}, make('td', { colspan: '4', class: 'nbruns-moreRows' }, more));
      more.addEventListener('click', () => {
        unfolded.add(key);
        last.replaceWith(...rows.slice(shown.length).map(create));
      });
      box.append(last);
    }
    return box;
  }

  function drawBaselines(said) {
    const told = JSON.stringify(said.choices);
    if (choose.dataset.told !== told) {
      choose.dataset.told = told;
      choose.replaceChildren(...said.choices.map(({ key, words: text }) => make('option', { value: key, text })));
    }
    choose.value = said.key ?? '';
    say(open, `Open version ${said.version}`);
    line.hidden = !said.choices.length;
    compare.hidden = !said.can_open;
  }

  // A sentence that names them all leaves nothing to list.
  const isSaid = (rows, sentence) => sentence && rows.length <= 4 && rows.every(row => row.text.length + row.other.length <= 40);

  function drawParams(rows, sentence) {
    differ.hidden = !rows.length || isSaid(rows, sentence);
    if (differ.hidden) return;
    const pair = row => make('div', { class: 'nbruns-pair', 'data-name': row.name }, make('dt', { class: 'nbruns-ellipsis', title: row.name, dir: 'auto', text: row.name }), make('dd', { title: `${row.other} → ${row.text}` }, make('span', { class: 'nbruns-old', dir: 'auto', text: row.other }), ' → ', make('span', { dir: 'auto', text: row.text })));
    const shown = unfolded.has('params') || rows.length <= FEW_PARAMS + 2 ? rows : rows.slice(0, FEW_PARAMS);
    const list = make('dl', { class: 'nbruns-pairList' }, ...shown.map(pair));
    differ.replaceChildren(make('div', { class: 'nbruns-columnsTitle', text: 'Parameters that differ' }), list);
    if (shown.length === rows.length) return;
    const more = make('button', { type: 'button', class: 'nbruns-link nbruns-moreParams', text: `${rows.length - shown.length} more` });
    more.addEventListener('click', () => {
      unfolded.add('params');
      list.append(...rows.slice(shown.length).map(pair));
      more.remove();
    });
    differ.append(more);
  }

  function drawSentence(said) {
    const here = model.get('card').version;
    const words = said.same_run ? `Versions ${here} and ${said.version} came from one run.` : said.sentence;
    sentence.hidden = !words;
    sentence.replaceChildren(said.same_run ? '' : make('span', { class: 'nbruns-sentenceTitle', text: `Since version ${said.version}: ` }), make('span', { dir: 'auto', text: words }));
  }

  return {
    ...part,
    update(said) {
      const { metrics = [], params = [] } = said;
      part.show(Boolean(said.choices));
      if (!said.choices) return;
      drawBaselines(said);
      const nothing = said.trouble || (metrics.length ? '' : 'No metrics were logged for this version.');
      words.hidden = !nothing;
      say(words, nothing);
      const isAgainst = metrics.some(row => 'other' in row);
      table.hidden = !metrics.length;
      table.classList.toggle('nbruns-against', isAgainst);
      table.replaceChildren(heads(isAgainst ? said : {}), body(metrics, 'metrics', row => metricRow(row, isAgainst)));
      drawSentence(said);
      drawParams(params, said.sentence);
      part.count(metrics.length);
    }
  };
}

// A line of the table of versions.

function makeVersionRow(model, item) {
  const go = () => model.send({ type: 'go', version: item.version });
  const number = make('button', { type: 'button', class: 'nbruns-link nbruns-rowNumber', onclick: go });
  const held = make('span', { class: 'nbruns-holds' });
  const values = make('span', { class: 'nbruns-versionValues' });
  const run = make('button', { type: 'button', class: 'nbruns-link nbruns-versionRun nbruns-ellipsis', dir: 'auto' });
  const user = make('span', { class: 'nbruns-versionUser nbruns-ellipsis', dir: 'auto' });
  const when = make('span', { class: 'nbruns-lastChange' });
  const node = make('div', { class: 'nbruns-versionRow', role: 'row', 'data-version': item.version }, ...[number, held, values, run, user, when].map(part => make('span', { role: 'cell', class: 'nbruns-versionCell' }, part)));
  run.addEventListener('click', event => {
    event.stopPropagation();
    model.send({ type: 'run', run_id: run.dataset.runId });
  });
  // The whole line leads to the version, for those who point; others have its number.
  node.addEventListener('click', event => event.target.closest('button') || document.getSelection()?.toString() || go());
  node.parts = { number, held, values, run, user, when };
  return node;
}

function tickVersionRow(node) {
  say(node.parts.when, ago(node.item.created_ms));
}

function showVersionRow(node, item, metrics) {
  const { number, held, values, run, user, when } = node.parts;
  node.item = item;
  say(number, `v${item.version}`);
  attribute(number, 'aria-label', `Version ${item.version}`);
  const told = JSON.stringify([item, metrics]);
  if (node.dataset.told !== told) {
    node.dataset.told = told;
    held.replaceChildren(...marksOf(item));
    node.classList.toggle('nbruns-standsNowhere', !held.childElementCount);
    values.replaceChildren(...metrics.map((metric, place) => valueOf(metric, item.values[place])));
  }
  say(run, item.run?.name ?? '');
  run.hidden = !item.run;
  attribute(run, 'data-run-id', item.run?.id);
  attribute(run, 'title', item.run ? `Show the run ${item.run.name}` : null);
  say(user, item.user);
  attribute(user, 'title', item.user ? `Registered by ${item.user}` : null);
  tickVersionRow(node);
  attribute(when, 'title', item.created_ms ? `Registered ${absolute(item.created_ms)}` : null);
}

function marksOf(item) {
  const status = { PENDING_REGISTRATION: 'being registered', FAILED_REGISTRATION: 'registration failed' }[item.status] ?? item.status;
  const tags = item.tags.map(text => make('span', { class: 'nbruns-chip nbruns-ellipsis', dir: 'auto', title: text, text }));
  const more = item.more_tags ? [make('span', { class: 'nbruns-chip', text: `+${item.more_tags}`, title: `${item.more_tags} more tags` })] : [];
  return [...(status ? [make('span', { class: 'nbruns-chip nbruns-versionStatus', text: status })] : []), ...item.aliases.map(alias => aliasChip(alias)), ...(item.stage ? [stageChip(item.stage)] : []), ...tags, ...more];
}

function valueOf(metric, value) {
  return make('span', { class: 'nbruns-versionValue', title: value ? `${metric.key} = ${value.full}` : null }, make('span', { class: 'nbruns-valueName', text: value ? metric.label : '' }), make('span', { text: value?.text ?? '' }));
}

// Where versions stand, as small marks: aliases in the colour of the theme, stages in theirs.

function aliasChip(alias, version) {
  const words = version ? `@${alias} is version ${version}` : `Alias @${alias}`;
  return make('span', { class: 'nbruns-badge nbruns-aliasChip', title: words, dir: 'auto' }, `@${alias}`, version ? make('span', { class: 'nbruns-chipVersion', text: ` v${version}` }) : '');
}

function stageChip(stage, version) {
  const words = version ? `Version ${version} is in ${stage}` : `Stage ${stage}`;
  return make('span', { class: 'nbruns-stageChip', 'data-stage': stage, title: words }, stage, version ? make('span', { class: 'nbruns-chipVersion', text: ` v${version}` }) : '');
}

// Why a run came out as it did: what differs from the run before it.

function changesBox(model, does) {
  const box = make('div', { class: 'nbruns-changes', hidden: true });
  const button = make('button', { type: 'button', class: 'nbruns-link nbruns-seeChanges', 'aria-expanded': 'false', text: 'What changed?', onclick: () => turn(!isOpen) });
  let isOpen = false;

  function turn(open) {
    isOpen = open;
    box.hidden = !open;
    attribute(button, 'aria-expanded', String(open));
    say(button, open ? 'Hide' : 'What changed?');
    if (open && !box.firstChild) {
      box.append(make('div', { class: 'nbruns-changesWords', text: 'Comparing…' }));
      does.changes();
    }
  }

  const cell = ({ words, lines }) =>
    make(
      'div',
      { class: 'nbruns-changedCell' },
      make('div', { class: 'nbruns-columnsTitle', text: words }),
      make('pre', { class: 'nbruns-codeLines', tabindex: '0' }, ...lines.map(({ kind, pieces }) => make('div', { class: `nbruns-line-${kind}` }, ...(kind === 'gap' ? ['⋯'] : pieces.map(([text, marked]) => make(marked ? 'mark' : 'span', { text }))))))
    );

  const row = ({ name, old, new: now, delta }) =>
    make('div', { class: 'nbruns-pair', 'data-name': name }, make('dt', { class: 'nbruns-ellipsis', title: name, dir: 'auto', text: name }), make('dd', { title: `${old || 'nothing'} → ${now || 'nothing'}` }, make('span', { class: 'nbruns-old', dir: 'auto', text: old || '–' }), ' → ', make('span', { dir: 'auto', text: now || '–' }), delta ? make('span', { class: 'nbruns-deltaWords', text: ` (${delta})` }) : ''));

  function fill(said) {
    if (said.trouble) return [make('div', { class: 'nbruns-changesWords', text: said.trouble })];
    if (!said.before) return [make('div', { class: 'nbruns-changesWords', text: 'There is no run before this one to compare with.' })];
    const beside = said.cell_count && model.get('card').in_lab ? [make('button', { type: 'button', class: 'nbruns-link nbruns-sideBySide', text: 'Cells side by side', onclick: () => does.sideBySide(said.before.run_id) })] : [];
    const hiddenCells = said.cell_count - said.cells.length;
    return [
      make('div', { class: 'nbruns-changesWords' }, make('span', { dir: 'auto', text: `Compared with ${said.before.name}` }), ...beside),
      ...said.cells.map(cell),
      hiddenCells > 0 ? make('div', { class: 'nbruns-changesWords', text: `and ${hiddenCells} more cells` }) : '',
      ...said.groups.flatMap(({ title, count, rows }) => [make('div', { class: 'nbruns-columnsTitle', text: title }), make('dl', { class: 'nbruns-pairList' }, ...rows.map(row)), count > rows.length ? make('div', { class: 'nbruns-changesWords', text: `and ${count - rows.length} more` }) : '']),
      said.cell_count || said.groups.length ? '' : make('div', { class: 'nbruns-changesWords', text: 'Nothing differs.' })
    ];
  }

  return {
    node: box,
    button,
    show: said => said && isOpen && box.replaceChildren(...fill(said)),
    update(card, isAnother) {
      if (isAnother) {
        box.replaceChildren();
        turn(false);
      }
    }
  };
}

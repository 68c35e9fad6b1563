// Where a version came from: data, code, run, version, each a click away.

const STEP_ICONS = { data: 'table', code: 'notebook', run: 'runs', version: 'register' };

function lineageStrip(send) {
  const list = make('ol', { class: 'nbruns-lineage', 'aria-label': 'Where this version came from' });

  function follow(step) {
    if (step.does) send(step.does, step.digest ? { digest: step.digest } : {});
  }

  function fill(item, step) {
    const told = JSON.stringify(step);
    if (item.dataset.told === told) return;
    item.dataset.told = told;
    const isLink = Boolean(step.does);
    const words = make('span', { class: 'nbruns-ellipsis', dir: 'auto', text: step.text });
    const face = make(
      isLink ? 'button' : 'div',
      { class: `nbruns-step${step.is_absent ? ' nbruns-absent' : ''}`, type: isLink ? 'button' : null, title: [step.text, step.detail, step.hint].filter(Boolean).join('\n'), 'aria-label': isLink ? `${step.title}: ${step.text}. ${step.hint}` : null, 'aria-current': step.kind === 'version' ? 'step' : null, onclick: () => follow(step) },
      make('span', { class: 'nbruns-stepTitle' }, icon(STEP_ICONS[step.kind]), make('span', { text: step.title })),
      make('span', { class: 'nbruns-stepText' }, step.status ? statusMark(step.status) : null, words),
      step.detail ? make('span', { class: `nbruns-stepDetail${step.is_absent ? '' : ' nbruns-ellipsis'}`, dir: 'auto', text: step.detail }) : ''
    );
    const hadFocus = item.contains(document.activeElement);
    item.replaceChildren(face);
    attribute(item, 'data-kind', step.kind);
    if (hadFocus && isLink) face.focus({ preventScroll: true });
  }

  return {
    node: list,
    update(steps) {
      list.hidden = !steps.length;
      patch(list, steps.map((step, place) => ({ ...step, place })), {
        key: step => `${step.kind} ${step.place}`,
        create: () => make('li', {}),
        update: fill
      });
    }
  };
}

const COUNTED = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'SCHEDULED'];

function render({ model, el }) {
  const title = make('span', { class: 'nbruns-title' });
  const counts = make('span', { class: 'nbruns-counts' });
  const offline = make(
    'div',
    { class: 'nbruns-offline', role: 'status' },
    icon('unplugged'),
    make('span', { class: 'nbruns-offlineText' }),
    make('button', {
      type: 'button',
      class: 'nbruns-link nbruns-retry',
      text: 'Retry',
      onclick: () => model.send({ type: 'retry' })
    })
  );
  el.append(make('div', { class: 'nbruns-header' }, title, counts), offline);

  function show() {
    const about = model.get('about');
    say(title, about.title);
    attribute(title, 'title', about.path || about.title);
    counts.replaceChildren(
      ...COUNTED.filter(status => about.counts[status]).map(status => {
        const words = `${about.counts[status]}${about.more ? '+' : ''}`;
        const mark = statusMark(status);
        attribute(mark, 'title', null);
        attribute(mark, 'aria-label', null);
        mark.setAttribute('aria-hidden', 'true');
        const label = `${words} ${STATUS_WORDS[status].toLowerCase()}`;
        return make('span', { class: 'nbruns-count', title: label, 'aria-label': label, role: 'img', 'data-status': status }, mark, words);
      })
    );
    offline.hidden = !about.trouble;
    say(offline.querySelector('.nbruns-offlineText'), about.trouble);
  }

  model.on('change:about', show);
  show();
  return () => model.off('change:about', show);
}

export default { render };

// Scoring a file with the version in front.

function render({ model, el }) {
  const edits = editsOf(model);
  const part = section(model, 'score', 'Score a file', { closed: true });
  const refusal = make('div', { class: 'nbruns-mayNotScore', hidden: true });
  const status = make('div', { class: 'nbruns-scoreSaid', role: 'status' });
  const form = scoreForm({ ask: wish => edits.send(wish), uri: () => about().uri, started: () => say(status, `The run is kept in the experiment “${about().experiment}”.`) });
  const jobs = scoreJobs({
    cancel: job => edits.send({ what: 'cancel', job_id: job }),
    open: (run, preview) => model.send({ type: 'run', run_id: run, preview })
  });
  part.body.append(refusal, form.node, status, jobs.node);
  el.append(part.node);
  let place = '';

  const about = () => model.get('about');

  function show() {
    const now = about();
    el.hidden = !now.place;
    if (!now.place) return;
    if (now.place !== place) {
      place = now.place;
      say(status, '');
      form.renew();
    }
    refusal.hidden = !now.refusal;
    say(refusal, now.refusal ?? '');
    form.node.hidden = Boolean(now.refusal);
    part.count(now.jobs.length);
    jobs.show(now.jobs);
  }

  const look = () => part.look();
  model.on('change:about', show);
  model.on('change:turned', look);
  show();
  return () => {
    edits.stop();
    form.stop();
    model.off('change:about', show);
    model.off('change:turned', look);
  };
}

export default { render };

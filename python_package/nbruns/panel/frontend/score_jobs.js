// The scorings with a version: how far they are, and what came of them.

const GOING = new Set(['starting', 'checking', 'loading', 'scoring']);
const JOB_STATUS = { finished: 'FINISHED', failed: 'FAILED', refused: 'FAILED', cancelled: 'KILLED' };
const JOB_WORDS = { starting: 'Starting…', checking: 'Checking all values', loading: 'Loading the model…', finished: 'Finished', failed: 'Failed', refused: 'Not started', cancelled: 'Cancelled' };

function scoreJobs({ cancel, open }) {
  const node = make('div', { class: 'nbruns-scoreJobs', role: 'list', 'aria-label': 'Scorings with this version' });
  const rows = count => `${count.toLocaleString('en')} rows`;

  function create(job) {
    const stop = make('button', { type: 'button', class: 'nbruns-button nbruns-scoreCancel', text: 'Cancel' });
    stop.addEventListener('click', async () => {
      stop.disabled = true;
      say(stop, 'Cancelling…');
      await cancel(row.dataset.job);
    });
    const preview = make('button', { type: 'button', class: 'nbruns-link', text: 'Preview', onclick: () => open(row.dataset.run, true) });
    const run = make('button', { type: 'button', class: 'nbruns-link', text: 'Open the run', onclick: () => open(row.dataset.run, false) });
    const head = make('div', { class: 'nbruns-scoreHead' }, statusMark('RUNNING'), make('span', { class: 'nbruns-ellipsis nbruns-scoreInput', dir: 'auto' }), make('span', { class: 'nbruns-scoreWhen' }));
    const bar = make('progress', { class: 'nbruns-scoreBar', max: 1 });
    const told = make('div', { class: 'nbruns-scoreTold' }, make('span', { class: 'nbruns-scoreWords' }), preview, run, stop);
    const row = make('div', { class: 'nbruns-scoreJob', role: 'listitem', 'data-state': job.state }, head, bar, told);
    return row;
  }

  function update(row, job) {
    const [head, bar, told] = row.children;
    const [mark, input, when] = head.children;
    const [words, preview, run, stop] = told.children;
    const isGoing = GOING.has(job.state);
    Object.assign(row.dataset, { state: job.state, job: job.job_id, run: job.run_id });
    setStatus(mark, JOB_STATUS[job.state] ?? 'RUNNING');
    say(input, job.input.split('/').pop());
    attribute(input, 'title', job.input);
    say(when, `${isGoing ? '' : `${ago(job.ended_ms ?? job.started_ms)} · `}${job.user}`);
    attribute(when, 'title', absolute(job.started_ms));
    bar.hidden = !isGoing;
    attribute(bar, 'aria-label', `Progress of ${input.textContent}`);
    if (job.total && job.state === 'scoring') attribute(bar, 'value', job.rows / job.total);
    else attribute(bar, 'value', null);
    say(words, wordsOf(job));
    preview.hidden = !job.run_id || !(job.state === 'finished' || (job.rows && !isGoing));
    run.hidden = !job.run_id;
    stop.hidden = !isGoing || !job.is_ours;
    if (!isGoing) say(stop, 'Cancel');
  }

  function wordsOf(job) {
    if (job.state === 'scoring') {
      const share = job.total ? ` of ${rows(job.total)}` : ' rows';
      return `${job.rows.toLocaleString('en')}${share}${job.per_second ? ` · ${Math.round(job.per_second).toLocaleString('en')} rows/s` : ''}`;
    }
    if (job.state === 'checking' && job.rows) return `${JOB_WORDS.checking}: ${rows(job.rows)}`;
    if (job.state === 'finished') return `${rows(job.rows)} in ${span(job.ended_ms - job.started_ms)}`;
    if (job.message && job.state === 'failed') return `Failed: ${job.message}`;
    if (job.message) return job.message[0].toUpperCase() + job.message.slice(1);
    return JOB_WORDS[job.state] ?? job.state;
  }

  return {
    node,
    show: jobs => patch(node, jobs, { key: job => job.run_id || job.job_id, create, update })
  };
}

// One model that is served: how it is, where it answers, a box to try it, its log.

const STATES = { starting: ['RUNNING', 'Starting'], healthy: ['FINISHED', 'Healthy'], failing: ['FAILED', 'Failing'], stopped: ['KILLED', 'Stopped'] };
const UNTOUCHED = 'Send the example, or change it first.';

function serveRow(model, one) {
  const id = one.id;
  const mark = make('span', { class: 'nbruns-status', role: 'img' });
  const title = make('span', { class: 'nbruns-serveTitle nbruns-ellipsis', dir: 'auto' });
  const state = make('span', { class: 'nbruns-serveState' });
  const version = make('button', { type: 'button', class: 'nbruns-link nbruns-serveVersion', onclick: () => model.send({ type: 'go', name: one.name, version: version.dataset.version }) });
  const button = (text, type, label) => make('button', { type: 'button', class: 'nbruns-button', text, 'aria-label': `${label} ${id}`, onclick: () => act(type) });
  const again = button('Restart', 'restart', 'Restart');
  const stop = button('Stop', 'stop', 'Stop');
  const remove = iconButton('close', `Remove ${id} from the list`, 'nbruns-serveRemove', () => act('remove'));
  const head = make('div', { class: 'nbruns-serveHead' }, mark, title, state, version, make('span', { class: 'nbruns-serveActions' }, again, stop, remove));
  const doing = make('div', { class: 'nbruns-serveDoing', hidden: true });
  const error = make('div', { class: 'nbruns-serveError', role: 'status', hidden: true });
  const figures = make('div', { class: 'nbruns-serveFigures' });
  const address = make('code', { class: 'nbruns-serveUrl', tabindex: '0' });
  const url = make('div', { class: 'nbruns-serveAddress' }, address, copyButton('Copy the address', () => address.textContent));
  const trying = tryBox(model, id, () => address.textContent);
  const log = logBox(model, id);
  const folds = make('div', { class: 'nbruns-serveFolds' }, trying.node, log.node);
  const node = make('div', { class: 'nbruns-serveRow', role: 'listitem', 'data-served': id }, head, doing, error, figures, url, folds);

  function act(type) {
    for (const other of [again, stop, remove]) other.disabled = true;
    model.send({ type, id });
  }

  // Text that comes again and again must not take the reader's selection with it.
  function update(now) {
    const [shape, word] = STATES[now.state] ?? STATES.starting;
    if (mark.dataset.status !== shape) {
      mark.dataset.status = shape;
      mark.replaceChildren(icon(shape));
    }
    attribute(mark, 'aria-label', word);
    say(title, now.title);
    attribute(title, 'title', `${id}\nserved by ${now.started_by} since ${absolute(now.started_ms)}`);
    say(state, word);
    attribute(state, 'title', `since ${absolute(now.since_ms)}`);
    version.hidden = !now.version || now.title === `version ${now.version}`;
    version.disabled = !now.leads_on;
    version.dataset.version = now.version ?? '';
    say(version, now.version ? `version ${now.version}` : '');
    const stopped = now.state === 'stopped';
    for (const other of [again, stop, remove]) other.disabled = false;
    again.hidden = stop.hidden = remove.hidden = !now.may_control;
    say(again, stopped ? 'Start' : 'Restart');
    attribute(again, 'aria-label', `${stopped ? 'Start' : 'Restart'} ${id}`);
    stop.hidden ||= stopped;
    remove.hidden ||= !stopped && now.state !== 'failing';
    doing.hidden = !now.doing || now.state === 'failing';
    say(doing, now.doing ?? '');
    showError(now);
    say(figures, figuresOf(now));
    figures.hidden = !figures.textContent;
    say(address, new URL(`${now.path}/invocations`, location.origin).href);
    trying.may(now.state === 'healthy');
    log.node.hidden = !now.may_control;
  }

  function showError(now) {
    const last = now.last_error;
    error.hidden = !last;
    if (!last) return;
    // What the model refused is its caller's fault, and no reason for alarm.
    error.classList.toggle('nbruns-isRefusal', Boolean(last.status) && last.status < 500);
    say(error, `${last.status ? `Last refusal (${last.status})` : 'Last error'}, ${ago(last.at_ms)}: ${last.message}`);
    attribute(error, 'title', absolute(last.at_ms));
  }

  return { node, update, hear: message => (message.type === 'logs' ? log : trying).hear(message), open: () => (trying.node.open = true) };
}

function figuresOf(now) {
  const count = (n, word) => `${n.toLocaleString()} ${word}${n === 1 ? '' : 's'}`;
  return [
    now.requests ? count(now.requests, 'request') : now.state === 'healthy' ? 'No request yet' : '',
    now.refused ? `${now.refused.toLocaleString()} refused` : '',
    now.failed ? `${now.failed.toLocaleString()} failed` : '',
    now.p50_ms === null ? '' : `${span(now.p50_ms)} median, ${span(now.p99_ms)} p99`,
    now.last_request_ms ? `last ${ago(now.last_request_ms)}` : '',
    now.workers > 1 ? count(now.workers, 'process').replace('processs', 'processes') : '',
    now.environment === 'isolated' ? 'environment of its own' : ''
  ]
    .filter(Boolean)
    .join(' · ');
}

// A request body to change and send, and what came of it.
function tryBox(model, id, urlOf) {
  const input = make('textarea', { class: 'nbruns-input nbruns-serveInput', rows: '4', spellcheck: 'false', 'aria-label': `Input for ${id}` });
  const send = make('button', { type: 'button', class: 'nbruns-button nbruns-primary', text: 'Send', onclick: () => submit() });
  const reset = make('button', { type: 'button', class: 'nbruns-link', text: 'Back to the example', hidden: true, onclick: () => fill() });
  const said = make('span', { class: 'nbruns-serveTook', role: 'status' });
  const answer = make('pre', { class: 'nbruns-serveAnswer', tabindex: '0', hidden: true });
  const curl = make('code');
  const line = make('div', { class: 'nbruns-modelSnippet' }, make('pre', { tabindex: '0' }, curl), make('span', { class: 'nbruns-snippetTools' }, copyButton('Copy this command', () => curl.textContent)));
  const node = make('details', { class: 'nbruns-serveFold nbruns-serveTry' }, make('summary', { text: 'Try it' }), input, make('div', { class: 'nbruns-serveSend' }, send, reset, said), answer, make('div', { class: 'nbruns-serveHint', text: 'The same from a shell:' }), line);
  let example = null, isUp = false, isWaiting = false;

  node.addEventListener('toggle', () => {
    if (node.open && example === null) model.send({ type: 'detail', id });
  });
  input.addEventListener('input', () => shown());
  input.addEventListener('keydown', event => {
    event.stopPropagation();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
  });

  function fill() {
    input.value = example ?? '';
    input.rows = Math.min(14, Math.max(3, input.value.split('\n').length));
    shown();
  }

  function shown() {
    reset.hidden = example === null || input.value === example;
    say(curl, `curl -X POST ${quoted(urlOf())} \\\n  -H "Authorization: token $JUPYTER_TOKEN" \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(input.value)}`);
  }

  function submit() {
    if (send.disabled) return;
    isWaiting = true;
    look();
    say(said, '');
    model.send({ type: 'try', id, text: input.value });
  }

  function look() {
    send.disabled = !isUp || isWaiting;
    say(send, isWaiting ? 'Sending…' : 'Send');
    attribute(send, 'title', isUp ? 'Ctrl+Enter' : 'Not healthy: nothing would answer');
  }

  return {
    node,
    may(up) {
      isUp = up;
      look();
    },
    hear(message) {
      if (message.type === 'detail') {
        const touched = example !== null && input.value !== example;
        example = message.example;
        if (!touched) fill();
        if (answer.hidden) say(said, message.is_made_up ? 'The model has no input example: these values are made up.' : UNTOUCHED);
        return;
      }
      isWaiting = false;
      look();
      const fine = message.status === 200;
      answer.hidden = false;
      answer.classList.toggle('nbruns-isWrong', !fine);
      say(answer, message.text + (message.is_cut ? '\n… and more' : ''));
      say(said, message.status ? `${message.status} in ${message.took_ms < 10 ? message.took_ms.toFixed(1) : Math.round(message.took_ms)} ms` : 'No answer');
    }
  };
}

const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

function logBox(model, id) {
  const text = make('pre', { class: 'nbruns-serveLog', tabindex: '0', text: 'Reading…' });
  const ask = () => model.send({ type: 'logs', id });
  const tools = make('div', { class: 'nbruns-serveSend' }, make('button', { type: 'button', class: 'nbruns-link', text: 'Read again', onclick: ask }), copyButton('Copy the log', () => text.textContent));
  const node = make('details', { class: 'nbruns-serveFold nbruns-serveLogs' }, make('summary', { text: 'Log' }), text, tools);
  node.addEventListener('toggle', () => node.open && ask());
  return {
    node,
    hear(message) {
      const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 4;
      say(text, message.log || 'Nothing was written yet.');
      if (atEnd) text.scrollTop = text.scrollHeight;
    }
  };
}

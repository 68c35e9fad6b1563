// What could come next in a filter, at the place of the caret.

const KINDS = { metric: 'metrics', metrics: 'metrics', param: 'params', params: 'params', parameter: 'params', parameters: 'params', tag: 'tags', tags: 'tags', attribute: 'attributes', attributes: 'attributes', attr: 'attributes', run: 'attributes' };
const ATTRIBUTES = ['status', 'run_name', 'start_time', 'end_time', 'user_id', 'run_id'];
const NUMBERS = ['>', '>=', '<', '<=', '=', '!='];
const TEXTS = ['=', '!=', 'LIKE', 'ILIKE'];
const NULLABLE = [...TEXTS, 'IS NULL', 'IS NOT NULL'];
const STATUSES = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'SCHEDULED'];
const MOST = 50;

// The words of the condition the caret is in, each with its place; quotes hold a word together.
function wordsBefore(text, caret) {
  const found = [];
  const pattern = /(?:"[^"]*"?|'[^']*'?|`[^`]*`?|<=|>=|!=|[<>=]|[^\s"'`<>=!]+)/g;
  for (let match; (match = pattern.exec(text.slice(0, caret))); ) {
    const before = found[found.length - 1];
    const isOperator = /^[<>=!]/.test(match[0]);
    const touches = before && before.end === match.index && !isOperator && !/^[<>=!]/.test(before.text);
    if (touches) Object.assign(before, { text: before.text + match[0], end: pattern.lastIndex });
    else found.push({ text: match[0], at: match.index, end: pattern.lastIndex });
  }
  const and = found.findLastIndex(word => /^and$/i.test(word.text) && word.end < caret);
  return found.slice(and + 1);
}

function readKey(word) {
  const match = /^(\w+)\.(?:[`"]([^`"]*)[`"]?|(.*))$/.exec(word);
  if (!match) return { kind: ATTRIBUTES.includes(word) ? 'attributes' : '', key: word };
  return { kind: KINDS[match[1].toLowerCase()] ?? '', key: match[2] ?? match[3] };
}

// A key of anything but letters, digits and dots stands in backticks.
function keyText(kind, key) {
  if (kind === 'attributes') return key;
  return `${kind}.${/^[A-Za-z_]\w*(\.\w+)*$/.test(key) ? key : `\`${key}\``}`;
}

function operatorsOf({ kind, key }) {
  if (kind === 'metrics' || /_time$/.test(key)) return NUMBERS;
  if (key === 'status') return ['=', '!='];
  return kind === 'attributes' ? TEXTS : NULLABLE;
}

function fitting(options, typed) {
  const low = typed.toLowerCase();
  const first = options.filter(option => option.match.toLowerCase().startsWith(low));
  const then = options.filter(option => !first.includes(option) && option.match.toLowerCase().includes(low));
  return [...first, ...then].slice(0, MOST);
}

function keyOptions(typed, choices) {
  const { kind, key } = readKey(typed);
  const hasDot = typed.includes('.') && kind;
  const kinds = hasDot ? [kind] : ['metrics', 'params', 'attributes', 'tags'];
  const all = kinds.flatMap(of =>
    (of === 'attributes' ? ATTRIBUTES : (choices[of] ?? [])).map(name => ({ text: `${keyText(of, name)} `, label: name, note: of, match: name }))
  );
  if (!typed) return all.filter(option => !/^(mlflow|nbruns)\./.test(option.label)).slice(0, MOST);
  return fitting(all, hasDot ? key : typed);
}

// Answers { from, options, asks }: where what is typed begins, what could stand there, and
// which values are still to be asked for.
function completionAt(text, caret, choices, values) {
  const words = wordsBefore(text, caret);
  const isOpen = words.length > 0 && words[words.length - 1].end === caret;
  const closed = isOpen ? words.slice(0, -1) : words;
  const typed = isOpen ? words[words.length - 1] : { text: '', at: caret };
  const plain = options => options.map(option => ({ text: `${option} `, label: option, note: '', match: option }));
  if (closed.length === 0) return { from: typed.at, options: keyOptions(typed.text, choices) };
  const field = readKey(closed[0].text);
  if (!field.kind) return { from: caret, options: [] };
  const operator = closed.slice(1).map(word => word.text).join(' ').toUpperCase();
  if (!operator) return { from: typed.at, options: fitting(plain(operatorsOf(field)), typed.text) };
  if (/^IS( NOT)?$/.test(operator)) return { from: typed.at, options: fitting(plain(operator === 'IS' ? ['NULL', 'NOT NULL'] : ['NULL']), typed.text) };
  const hasValue = closed.length > 2 || /NULL$/.test(operator);
  if (hasValue) return { from: typed.at, options: isOpen ? fitting(plain(['and']), typed.text) : plain(['and']) };
  if (field.kind === 'metrics') return { from: typed.at, options: [] };
  const known = field.key === 'status' ? STATUSES : values.kind === field.kind && values.key === field.key ? values.values : null;
  const quoted = value => ({ text: `${quote(value)} `, label: value, note: '', match: value });
  const begun = typed.text.replace(/^['"]/, '');
  const asks = known === null && field.kind !== 'attributes' ? { kind: field.kind, key: field.key } : null;
  return { from: typed.at, options: fitting((known ?? []).filter(canBeQuoted).map(quoted), begun), asks };
}

// A filter knows no escapes: with quotes of both kinds in it, a value cannot be named.
function canBeQuoted(value) {
  return !value.includes("'") || !value.includes('"');
}

function quote(value) {
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}

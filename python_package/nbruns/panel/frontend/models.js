// The models a run logged and the data that went into it.

const FEW = 6;

// Columns of a signature or a table, the first few until more are asked for.
function columnList(title, columns, total, unfolded, key) {
  const list = make('div', { class: 'nbruns-columns' });
  const box = make('div', {}, make('div', { class: 'nbruns-columnsTitle', text: title }), list);
  const add = column =>
    make('div', { class: 'nbruns-column', title: `${column.name} (${column.type})` }, make('span', { class: 'nbruns-ellipsis', dir: 'auto', text: column.name }), make('span', { class: 'nbruns-columnType nbruns-ellipsis', text: column.type }));
  const rest = unfolded.has(key) ? 0 : columns.length - FEW;
  list.append(...(rest > 1 ? columns.slice(0, FEW) : columns).map(add));
  const beyond = total - columns.length;
  const note = () => (beyond > 0 ? make('div', { class: 'nbruns-columnType', text: `and ${beyond} more` }) : '');
  if (rest > 1) {
    const more = make('button', { type: 'button', class: 'nbruns-link nbruns-moreColumns', text: `${total - FEW} more` });
    more.addEventListener('click', () => {
      unfolded.add(key);
      list.append(...columns.slice(FEW).map(add));
      more.replaceWith(note());
    });
    box.append(more);
  } else box.append(note());
  return box;
}

function snippetBox(text, insert) {
  const tools = make('span', { class: 'nbruns-snippetTools' }, copyButton('Copy this code', () => text));
  if (insert) tools.append(iconButton('insert', 'Insert as a cell of the notebook', 'nbruns-insert', () => insert(text)));
  return make('div', { class: 'nbruns-modelSnippet' }, make('pre', {}, make('code', { text })), tools);
}

function modelsSection(model, does) {
  const part = section(model, 'models', 'Model');
  const unfolded = new Set();

  function fill(box, item) {
    const told = JSON.stringify(item);
    if (box.dataset.told === told) return;
    box.dataset.told = told;
    const pending = item.status === 'PENDING' ? 'being saved' : item.status === 'FAILED' ? 'could not be saved' : '';
    box.replaceChildren(
      make(
        'div',
        { class: 'nbruns-modelHead' },
        icon('register'),
        make('span', { class: 'nbruns-modelTitle', title: item.id, dir: 'auto', text: item.name }),
        make('span', { class: 'nbruns-modelType', text: pending || item.type }),
        ...item.versions.map(version => make('button', { type: 'button', class: 'nbruns-badge', onclick: () => does.openVersion(`models/${version.name}/${version.version}`), title: ['Open this version', `${version.name}, version ${version.version}`, version.stage, version.user && `registered by ${version.user}`, absolute(version.created_ms)].filter(Boolean).join('\n'), text: version.badge }))
      ),
      item.inputs.length ? columnList('Inputs', item.inputs, item.input_count, unfolded, `${item.id} in`) : '',
      item.outputs.length ? columnList('Outputs', item.outputs, item.outputs.length, unfolded, `${item.id} out`) : '',
      pending ? '' : make('div', { class: 'nbruns-columnsTitle', text: 'Predict' }),
      pending ? '' : snippetBox(item.snippet, model.get('card').in_lab ? does.insert : null)
    );
  }

  return {
    ...part,
    update(card) {
      part.name(card.models.length > 1 ? 'Models' : 'Model');
      part.count(card.models.length > 1 ? card.models.length : 0);
      patch(part.body, card.models, {
        key: item => item.id || item.name,
        create: item => make('div', { class: 'nbruns-model', 'data-model-id': item.id }),
        update: fill
      });
      part.show(card.models.length > 0);
    }
  };
}

function datasetsSection(model, does) {
  const part = section(model, 'datasets', 'Data');
  const unfolded = new Set();

  function fill(box, item) {
    const told = JSON.stringify(item);
    if (box.dataset.told === told) return;
    box.dataset.told = told;
    const facts = [item.size, item.column_count ? `${item.column_count} columns` : ''].filter(Boolean);
    const digest = make('span', { class: 'nbruns-digest', title: 'Digest of the data', text: item.digest });
    box.replaceChildren(
      make(
        'div',
        { class: 'nbruns-modelHead' },
        make('span', { class: 'nbruns-modelTitle', dir: 'auto', text: item.name }),
        item.context ? make('span', { class: 'nbruns-chip', text: item.context }) : ''
      ),
      make('div', { class: 'nbruns-datasetFacts' }, ...facts.map(text => make('span', { text }))),
      make('div', { class: 'nbruns-datasetSource nbruns-ellipsis', dir: 'auto', title: item.source, text: item.source }),
      make(
        'div',
        { class: 'nbruns-digestLine' },
        digest,
        copyButton('Copy the digest', () => item.digest),
        make('button', { type: 'button', class: 'nbruns-link nbruns-runsOn', text: 'Runs on this data', onclick: () => does.runsOn(item.digest) })
      ),
      item.columns.length ? columnList('Columns', item.columns, item.column_count, unfolded, item.name + item.digest) : ''
    );
  }

  return {
    ...part,
    update(card) {
      part.count(card.datasets.length > 1 ? card.datasets.length : 0);
      patch(part.body, card.datasets, {
        key: item => `${item.name} ${item.digest} ${item.context}`,
        create: item => make('div', { class: 'nbruns-model nbruns-dataset', 'data-name': item.name }),
        update: fill
      });
      part.show(card.datasets.length > 0);
    }
  };
}

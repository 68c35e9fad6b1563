/** One cell of a difference: what happened to it, its text, and folded away all the rest. */
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { IOutput } from '@jupyterlab/nbformat';
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { Panel, PanelLayout, Widget } from '@lumino/widgets';

import { Fold } from './fold';
import { MergeText } from './mergeEditor';
import { ICellChange } from './revision';

export interface ICellTools {
  rendermime: IRenderMimeRegistry;
  languages: IEditorLanguageRegistry;
  /** Of the notebook's code cells. */
  codeMimeType: string;
  trans: TranslationBundle;
  /** Bring the cell back, where the difference is one with the present. */
  take: ((change: ICellChange) => Promise<void>) | null;
}

export class CellDifference extends Widget {
  constructor(change: ICellChange, tools: ICellTools) {
    super();
    this.addClass('nbruns-diff-cell');
    this.node.dataset.kind = change.kind;
    this.node.tabIndex = -1;
    const layout = new PanelLayout();
    layout.addWidget(new Widget({ node: cellHead(change, tools) }));
    const text = cellText(change, tools);
    if (text) {
      layout.addWidget(text);
    }
    folds(change, tools).forEach(fold => layout.addWidget(fold));
    this.layout = layout;
  }
}

/** Cells in which nothing differs, folded into one line. */
export function unchangedCells(changes: ICellChange[], tools: ICellTools): Widget {
  const label = tools.trans._n('%1 unchanged cell', '%1 unchanged cells', changes.length);
  const fold = new Fold(label, () =>
    changes.map(change => new CellDifference(change, { ...tools, take: null }))
  );
  fold.addClass('nbruns-diff-unchanged');
  return fold;
}

function cellHead(change: ICellChange, tools: ICellTools): HTMLElement {
  const { trans, take } = tools;
  const head = line('nbruns-diff-cell-head', '');
  head.append(line('nbruns-diff-place', placeText(change, trans), 'span'));
  const kind = kindText(change, trans);
  if (kind) {
    head.append(line('nbruns-diff-kind', kind, 'span'));
  }
  if (take && isTakeable(change)) {
    const button = document.createElement('button');
    button.className = 'nbruns-diff-take jp-Button jp-mod-styled jp-mod-minimal';
    button.dataset.nbruns = 'take';
    button.textContent = trans.__('Take this cell');
    button.title = trans.__('Put this cell back as it was in the revision');
    button.onclick = () => {
      button.disabled = true;
      void take(change).finally(() => (button.disabled = false));
    };
    head.append(button);
  }
  return head;
}

/** The text, where it is what differs; of an unchanged cell there is nothing else to show. */
function cellText(change: ICellChange, tools: ICellTools): Widget | null {
  const { old_source: before, new_source: after } = change;
  if (change.is_skipped) {
    const words = tools.trans.__('Its text is not kept.');
    return new Widget({ node: line('nbruns-diff-note', words) });
  }
  if (before === after && change.kind !== 'same' && change.kind !== 'moved') {
    return null;
  }
  const mimeType = mimeTypeOf(change.cell_type, tools.codeMimeType);
  // The whole text of a cell that came or went is the change: there is nothing to compare.
  const isEdit = change.kind === 'edited';
  const text = change.kind === 'removed' ? before : after;
  return new MergeText({ old: isEdit ? before : null, new: text, mimeType }, tools.languages);
}

function folds(change: ICellChange, tools: ICellTools): Widget[] {
  const { languages, trans } = tools;
  const found: Widget[] = [];
  if (change.outputs_differ) {
    const fold = new Fold(trans.__('Outputs changed'), () => [
      outputs(trans.__('Before'), change.old_outputs ?? [], tools),
      outputs(trans.__('After'), change.new_outputs ?? [], tools)
    ]);
    fold.node.dataset.nbruns = 'outputs';
    found.push(fold);
  }
  if (change.metadata_differ) {
    const text = (metadata: object | undefined) => JSON.stringify(metadata ?? {}, null, 2);
    const texts = {
      old: text(change.old_metadata),
      new: text(change.new_metadata),
      mimeType: 'application/json'
    };
    const fold = new Fold(trans.__('Metadata changed'), () => [
      new MergeText(texts, languages)
    ]);
    fold.node.dataset.nbruns = 'metadata';
    found.push(fold);
  }
  found.forEach(fold => fold.addClass('nbruns-diff-fold'));
  return found;
}

function outputs(label: string, values: IOutput[], tools: ICellTools): Widget {
  const column = new Panel();
  column.addClass('nbruns-diff-outputs');
  column.addWidget(new Widget({ node: line('nbruns-diff-outputs-label', label) }));
  if (values.length === 0) {
    const words = tools.trans.__('No outputs');
    column.addWidget(new Widget({ node: line('nbruns-diff-note', words) }));
  }
  const model = new OutputAreaModel({ values, trusted: false });
  column.addWidget(new SimplifiedOutputArea({ model, rendermime: tools.rendermime }));
  return column;
}

function isTakeable(change: ICellChange): boolean {
  const isInBoth = change.kind === 'same' || change.kind === 'moved';
  return change.old_position !== null && !change.is_skipped && !isInBoth;
}

function placeText(change: ICellChange, trans: TranslationBundle): string {
  return change.new_position === null
    ? trans.__('Former cell %1', change.old_position ?? 0)
    : trans.__('Cell %1', change.new_position);
}

function kindText(change: ICellChange, trans: TranslationBundle): string {
  const moved = trans.__('moved from %1', change.old_position ?? 0);
  switch (change.kind) {
    case 'added':
      return trans.__('added');
    case 'removed':
      return trans.__('removed');
    case 'edited':
      return change.is_moved ? trans.__('edited, %1', moved) : trans.__('edited');
    case 'moved':
      return moved;
    case 'outputs':
    case 'metadata':
    case 'same':
      return '';
  }
}

function mimeTypeOf(cellType: string, codeMimeType: string): string {
  switch (cellType) {
    case 'code':
      return codeMimeType;
    case 'markdown':
      return 'text/x-ipythongfm';
    default:
      return 'text/plain';
  }
}

/** An element with a class and a text. */
export function line(className: string, text: string, tag: 'div' | 'span' = 'div'): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

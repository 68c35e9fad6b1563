/** A revision drawn as a notebook that nobody can edit or run, under a bar that says what it is. */
import { PathExt } from '@jupyterlab/coreutils';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { historyIcon } from '@jupyterlab/ui-components';
import { PanelLayout, Widget } from '@lumino/widgets';

import { IReadOnlyNotebookOptions, readOnlyNotebook } from './readOnlyNotebook';
import { IRevision, IRevisionReply, IRunOfRevision } from './revision';
import { shortTime } from './times';

const SKIP_TAG = 'nbruns-skip';

/** What can be done with the revision that is shown. */
export interface IRevisionOrders {
  showRun: (view: RevisionView) => Promise<void>;
  restore: (view: RevisionView) => Promise<void>;
  take: (view: RevisionView, position: number) => Promise<void>;
  compare: (view: RevisionView) => Promise<void>;
  copy: (view: RevisionView) => Promise<void>;
  purge: (view: RevisionView) => Promise<void>;
}

type Order = Exclude<keyof IRevisionOrders, 'take' | 'showRun'>;

export interface IRevisionViewOptions extends IReadOnlyNotebookOptions {
  reply: IRevisionReply;
  title: string;
  translator: ITranslator;
  orders: IRevisionOrders;
}

export class RevisionView extends Widget {
  constructor(options: IRevisionViewOptions) {
    super();
    const trans = options.translator.load('nbruns');
    const { revision, content } = options.reply;
    this.reply = options.reply;
    this.name = options.title;
    this.addClass('nbruns-revision');
    this.node.dataset.nbrunsRevision = revision.revision_id;
    this.title.icon = historyIcon;
    this.title.label = options.title || PathExt.basename(revision.path);
    this.title.caption = `${revision.path}\n${methodText(revision, trans)}`;

    const notebook = readOnlyNotebook(content, options);
    notebook.widgets.forEach((cell, index) => {
      const tags = cell.model.getMetadata('tags') as string[] | undefined;
      cell.node.append(
        tags?.includes(SKIP_TAG)
          ? skippedNote(trans)
          : takeButton(trans, () => options.orders.take(this, index + 1))
      );
    });
    const layout = new PanelLayout();
    layout.addWidget(new RevisionBar(this, trans, options.orders));
    layout.addWidget(notebook);
    this.layout = layout;
  }

  /** The run it was opened for, else the newest that has it. */
  get run(): IRunOfRevision | undefined {
    const { runs } = this.reply;
    return this.name ? runs.find(run => run.name === this.name) : runs[0];
  }

  readonly reply: IRevisionReply;

  /** The run's name, or nothing. */
  readonly name: string;

  get revisionId(): string {
    return this.reply.revision.revision_id;
  }
}

class RevisionBar extends Widget {
  constructor(view: RevisionView, trans: TranslationBundle, orders: IRevisionOrders) {
    super();
    const { revision } = view.reply;
    this.addClass('nbruns-revision-bar');
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', trans.__('Revision'));
    const facts = document.createElement('div');
    facts.className = 'nbruns-revision-facts';
    const say = (className: string, fact: string, text: string) => {
      const span = document.createElement('span');
      span.className = className;
      span.dataset.nbruns = fact;
      span.textContent = text;
      facts.append(span);
    };
    if (view.run) {
      facts.append(runLink(view, trans, () => orders.showRun(view)));
    } else {
      say('nbruns-revision-title', 'run', view.title.label);
    }
    say('nbruns-revision-fact', 'read-only', trans.__('read-only'));
    say('nbruns-revision-fact', 'time', shortTime(revision.captured_ms));
    say('nbruns-revision-fact', 'method', methodText(revision, trans));
    say('nbruns-revision-fact', 'path', revision.path);

    const actions = document.createElement('div');
    actions.className = 'nbruns-revision-actions';
    const add = (name: Order, label: string, hint: string) => {
      const button = pressable(label, hint, () => orders[name](view));
      button.classList.add(name === 'restore' ? 'jp-mod-accept' : 'jp-mod-minimal');
      button.dataset.nbruns = name;
      actions.append(button);
    };
    add('purge', trans.__('Purge…'), trans.__('Delete this revision for good'));
    add('copy', trans.__('Open as copy'), trans.__('Save it as a new notebook and open that'));
    add('compare', trans.__('Diff'), trans.__('Show what changed since'));
    add(
      'restore',
      trans.__('Restore'),
      trans.__('Put the notebook back as it was; the present is kept first')
    );
    this.node.append(facts, actions);
  }
}

/** The run's name; pressed, it is shown in the panel. */
function runLink(
  view: RevisionView,
  trans: TranslationBundle,
  press: () => Promise<void>
): HTMLButtonElement {
  const link = document.createElement('button');
  link.className = 'nbruns-line-link nbruns-revision-title';
  link.dataset.nbruns = 'run';
  link.textContent = view.run?.name ?? '';
  link.title = trans.__('Show this run in the Runs panel');
  link.onclick = () => void press();
  return link;
}

function skippedNote(trans: TranslationBundle): HTMLElement {
  const note = document.createElement('div');
  note.className = 'nbruns-revision-skipped';
  note.textContent = trans.__('Tagged %1: its text is not kept', SKIP_TAG);
  return note;
}

function takeButton(trans: TranslationBundle, press: () => Promise<void>): HTMLButtonElement {
  const hint = trans.__('Put this cell back as it was');
  const button = pressable(trans.__('Take this cell'), hint, press);
  button.classList.add('nbruns-revision-take');
  button.dataset.nbruns = 'take';
  return button;
}

/** A button that cannot be pressed again before it has done what it does. */
function pressable(label: string, hint: string, press: () => Promise<void>): HTMLButtonElement {
  const button = document.createElement('button');
  button.className = 'jp-Button jp-mod-styled';
  button.textContent = label;
  button.title = hint;
  button.onclick = async () => {
    button.disabled = true;
    await press().finally(() => (button.disabled = false));
  };
  return button;
}

function methodText(revision: IRevision, trans: TranslationBundle): string {
  switch (revision.method) {
    case 'browser':
      return trans.__('captured from the browser');
    case 'executed':
      return trans.__('from executed cells');
    case 'file':
      return trans.__('from the saved file');
  }
}

/** A revision drawn as a notebook that nobody can edit or run, under a bar that says what it is. */
import { IEditorMimeTypeService } from '@jupyterlab/codeeditor';
import { PathExt } from '@jupyterlab/coreutils';
import { NotebookModel, StaticNotebook } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { historyIcon } from '@jupyterlab/ui-components';
import { PanelLayout, Widget } from '@lumino/widgets';

import { IRevision, IRevisionReply, untrusted } from './revision';

export interface IRevisionViewOptions {
  reply: IRevisionReply;
  title: string;
  rendermime: IRenderMimeRegistry;
  contentFactory: StaticNotebook.IContentFactory;
  mimeTypeService: IEditorMimeTypeService;
  translator: ITranslator;
  openCopy: (view: RevisionView) => Promise<void>;
}

export class RevisionView extends Widget {
  constructor(options: IRevisionViewOptions) {
    super();
    const trans = options.translator.load('nbruns');
    const { revision } = options.reply;
    this.reply = options.reply;
    this.name = options.title;
    this.addClass('nbruns-revision');
    this.node.dataset.nbrunsRevision = revision.revision_id;
    this.title.icon = historyIcon;
    this.title.label = options.title || PathExt.basename(revision.path);
    this.title.caption = `${revision.path}\n${methodText(revision, trans)}`;

    const layout = new PanelLayout();
    layout.addWidget(new RevisionBar(this, trans, options.openCopy));
    layout.addWidget(readOnlyNotebook(options));
    this.layout = layout;
  }

  readonly reply: IRevisionReply;

  /** The run's name, or nothing. */
  readonly name: string;

  get revisionId(): string {
    return this.reply.revision.revision_id;
  }
}

class RevisionBar extends Widget {
  constructor(
    view: RevisionView,
    trans: TranslationBundle,
    openCopy: (view: RevisionView) => Promise<void>
  ) {
    super();
    const { revision } = view.reply;
    this.addClass('nbruns-revision-bar');
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', trans.__('Revision'));
    this.say('nbruns-revision-title', 'run', view.title.label);
    this.say('nbruns-revision-fact', 'read-only', trans.__('read-only'));
    this.say('nbruns-revision-fact', 'time', new Date(revision.captured_ms).toLocaleString());
    this.say('nbruns-revision-fact', 'method', methodText(revision, trans));
    this.say('nbruns-revision-fact', 'path', revision.path);
    this.addButton('copy', trans.__('Open as copy'), () => openCopy(view));
  }

  private say(className: string, fact: string, text: string): void {
    const span = document.createElement('span');
    span.className = className;
    span.dataset.nbruns = fact;
    span.textContent = text;
    this.node.append(span);
  }

  private addButton(name: string, label: string, press: () => Promise<void>): void {
    const button = document.createElement('button');
    button.className = 'nbruns-revision-actions jp-Button jp-mod-styled jp-mod-accept';
    button.dataset.nbruns = name;
    button.textContent = label;
    button.onclick = async () => {
      button.disabled = true;
      await press().finally(() => (button.disabled = false));
    };
    this.node.append(button);
  }
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

function readOnlyNotebook(options: IRevisionViewOptions): StaticNotebook {
  const rendermime = options.rendermime.clone();
  // The kernel that drew these widgets is gone: show the text they left instead.
  rendermime.removeMimeType('application/vnd.jupyter.widget-view+json');
  const notebook = new StaticNotebook({
    rendermime,
    contentFactory: options.contentFactory,
    mimeTypeService: options.mimeTypeService,
    notebookConfig: { ...StaticNotebook.defaultNotebookConfig, windowingMode: 'defer' },
    translator: options.translator
  });
  const model = new NotebookModel({ collaborationEnabled: false });
  model.fromJSON(untrusted(options.reply.content));
  model.readOnly = true;
  notebook.model = model;
  notebook.disposed.connect(() => model.dispose());
  for (const cell of notebook.widgets) {
    cell.readOnly = true;
  }
  return notebook;
}

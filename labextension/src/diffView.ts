/** What changed from a revision to the notebook as it is now, or to another of its revisions. */
import { IEditorMimeTypeService } from '@jupyterlab/codeeditor';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ILanguageInfoMetadata, INotebookContent } from '@jupyterlab/nbformat';
import { INotebookModel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { Panel, PanelLayout, Widget } from '@lumino/widgets';

import { CellDifference, ICellTools, line, unchangedCells } from './cellDifference';
import { DiffHead } from './diffHead';
import { diffIcon } from './icons';
import { PresentNotebooks } from './presentNotebook';
import {
  ICellChange,
  IDifference,
  IListedRevision,
  IRevision,
  IRevisionReply,
  Revisions
} from './revision';

export interface IDiffViewOptions {
  reply: IRevisionReply;
  title: string;
  /** The revision it is compared with; empty for the notebook as it is now. */
  other: string;
  revisions: Revisions;
  notebooks: PresentNotebooks;
  rendermime: IRenderMimeRegistry;
  languages: IEditorLanguageRegistry;
  mimeTypes: IEditorMimeTypeService;
  trans: TranslationBundle;
  restore: (revision: IRevision, position: number | null) => Promise<void>;
}

export class DiffView extends Widget {
  constructor(private readonly options: IDiffViewOptions) {
    super();
    const { trans } = options;
    this.addClass('nbruns-diff');
    this.node.dataset.nbrunsRevision = this.revisionId;
    this.title.icon = diffIcon;
    this.title.label = trans.__('Changes since %1', options.title || trans.__('a revision'));
    this.title.caption = options.reply.revision.path;
    this.other = options.other;
    this.head = new DiffHead(options.title, options.reply.revision, trans, {
      compareWith: other => this.compareWith(other),
      refresh: () => this.refresh(),
      restore: () => this.restore(null),
      step: by => this.step(by)
    });
    this.body = new Panel();
    this.body.addClass('nbruns-diff-body');
    const layout = new PanelLayout();
    layout.addWidget(this.head);
    layout.addWidget(this.body);
    this.layout = layout;
  }

  get revisionId(): string {
    return this.options.reply.revision.revision_id;
  }

  get name(): string {
    return this.options.title;
  }

  get comparedWith(): string {
    return this.other;
  }

  override dispose(): void {
    this.follow(null);
    super.dispose();
  }

  /** Compare with another revision, or with the present for an empty id. */
  async compareWith(other: string): Promise<void> {
    this.other = other;
    await this.refresh();
  }

  /** Ask for the difference again and draw it. */
  async refresh(): Promise<void> {
    const asked = ++this.asked;
    try {
      const listed = await this.options.revisions.list(
        this.options.reply.revision.notebook_id
      );
      const difference = await this.ask(listed);
      if (asked === this.asked && !this.isDisposed) {
        this.head.list(listed, this.other);
        this.draw(difference);
      }
    } catch (error) {
      this.note(error instanceof Error ? error.message : String(error));
    }
  }

  /** Null where there is nothing to compare with: the notebook is gone. */
  private async ask(listed: IListedRevision[]): Promise<IDifference | null> {
    const { reply, revisions, notebooks } = this.options;
    const base = reply.revision;
    this.follow(null);
    if (this.other) {
      const found = listed.find(one => one.revision_id === this.other);
      const other = found ?? (await revisions.get(this.other)).revision;
      // What came later stands at the right of the arrow.
      return other.captured_ms < base.captured_ms
        ? revisions.diff(other.revision_id, base.revision_id)
        : revisions.diff(base.revision_id, other.revision_id);
    }
    const present = await notebooks.find(base.notebook_id);
    this.follow(present.panel?.context.model ?? null);
    return present.content && revisions.diffWith(base.revision_id, present.content);
  }

  private draw(difference: IDifference | null): void {
    const { trans } = this.options;
    this.clear();
    this.head.tell(difference, this.revisionId);
    if (difference === null) {
      this.note(trans.__('The notebook is gone: Restore brings it back.'));
      return;
    }
    if (difference.cells.every(cell => cell.kind === 'same')) {
      this.note(trans.__('Nothing differs.'));
    }
    const tools = this.tools();
    for (const run of runsOf(difference.cells)) {
      if (run[0].kind === 'same') {
        this.body.addWidget(unchangedCells(run, tools));
      } else {
        run.forEach(change => this.body.addWidget(new CellDifference(change, tools)));
      }
    }
    this.head.place(this.changed().length ? 0 : -1, this.changed().length);
  }

  private tools(): ICellTools {
    const { rendermime, languages, mimeTypes, reply, trans } = this.options;
    return {
      rendermime,
      languages,
      trans,
      codeMimeType: mimeTypes.getMimeTypeByLanguage(languageOf(reply.content)),
      take: this.other ? null : change => this.restore(change.old_position)
    };
  }

  private async restore(position: number | null): Promise<void> {
    await this.options.restore(this.options.reply.revision, position);
    await this.refresh();
  }

  /** Bring the next changed cell (or, by -1, the one before) to the top. */
  private step(by: number): void {
    const changed = this.changed();
    const at = Math.min(Math.max(this.head.at + by, 0), changed.length - 1);
    const cell = changed[at];
    cell?.scrollIntoView({ block: 'start', behavior: 'instant' });
    cell?.focus({ preventScroll: true });
    this.head.place(at, changed.length);
  }

  private changed(): HTMLElement[] {
    return Array.from(
      this.body.node.querySelectorAll<HTMLElement>(':scope > .nbruns-diff-cell')
    );
  }

  private note(text: string): void {
    this.clear();
    this.body.addWidget(new Widget({ node: line('nbruns-diff-nothing', text) }));
  }

  private clear(): void {
    while (this.body.widgets.length > 0) {
      this.body.widgets[0].dispose();
    }
  }

  /** Offer to refresh once the notebook has been changed. */
  private follow(model: INotebookModel | null): void {
    this.model?.contentChanged.disconnect(this.onChanged, this);
    this.model = model;
    model?.contentChanged.connect(this.onChanged, this);
  }

  private onChanged(): void {
    this.head.setStale(true);
  }

  private readonly head: DiffHead;
  private readonly body: Panel;
  private other: string;
  private asked = 0;
  private model: INotebookModel | null = null;
}

/** Neighbours that are all unchanged, or all changed. */
function runsOf(cells: ICellChange[]): ICellChange[][] {
  const runs: ICellChange[][] = [];
  for (const cell of cells) {
    const last = runs[runs.length - 1];
    if (last && (last[0].kind === 'same') === (cell.kind === 'same')) {
      last.push(cell);
    } else {
      runs.push([cell]);
    }
  }
  return runs;
}

function languageOf(content: INotebookContent): ILanguageInfoMetadata {
  const info = content.metadata.language_info;
  return { ...info, name: info?.name ?? content.metadata.kernelspec?.language?.toString() ?? '' };
}

/** Brings a revision back, whole or one cell of it, and says how it is undone. */
import { InputDialog, Notification } from '@jupyterlab/apputils';
import { ICell, INotebookContent } from '@jupyterlab/nbformat';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { JSONExt } from '@lumino/coreutils';

import { putCells } from './cellsInPlace';
import { CommandIDs } from './commands';
import { withoutLargeOutputs } from './outputLimit';
import { IPresent, PresentNotebooks } from './presentNotebook';
import { IPrepared, IRevision, Revisions } from './revision';
import { UndoKey, written } from './undoKey';

const UNDO_FOR_MS = 15_000;
const MOST_TRIES = 5;

export interface IRestorerOptions {
  revisions: Revisions;
  notebooks: PresentNotebooks;
  commands: CommandRegistry;
  undoKey: UndoKey;
  trans: TranslationBundle;
}

export class Restorer {
  constructor(private readonly options: IRestorerOptions) {}

  /** Bring back a revision, or its cell at a position (from 1). */
  async restore(revision: IRevision, position: number | null): Promise<void> {
    const present = await this.options.notebooks.find(revision.notebook_id);
    const panel = present.panel ?? (await this.opened(present));
    if (panel) {
      await this.restoreInto(panel, revision, present.path, position);
    } else {
      await this.restoreGone(revision, present.path);
    }
  }

  /** The notebook in a tab, opened for the purpose; null where its file is gone. */
  private async opened(present: IPresent): Promise<NotebookPanel | null> {
    if (present.content === null) {
      return null;
    }
    const panel = await this.open(present.path);
    await panel.context.ready;
    return panel;
  }

  private open(path: string): Promise<NotebookPanel> {
    const args = { path, factory: 'Notebook' };
    return this.options.commands.execute('docmanager:open', args) as Promise<NotebookPanel>;
  }

  private async restoreInto(
    panel: NotebookPanel,
    revision: IRevision,
    path: string,
    position: number | null
  ): Promise<void> {
    const { present, prepared } = await this.prepare(panel, revision, path, position);
    putCells(panel.context.model, present, prepared.content.cells);
    this.options.undoKey.arm(panel);
    this.show(panel);
    const keptId = prepared.kept.revision_id;
    await this.options.revisions.noteRestored(
      revision.revision_id,
      path,
      keptId,
      position
    );
    this.say(panel, keptId, position);
  }

  /** What to put in place of what; asked again where somebody went on typing meanwhile. */
  private async prepare(
    panel: NotebookPanel,
    revision: IRevision,
    path: string,
    position: number | null
  ): Promise<{ present: ICell[]; prepared: IPrepared }> {
    const now = () => withoutLargeOutputs(panel.context.model.toJSON() as INotebookContent);
    for (let tries = 1; ; tries++) {
      const content = now();
      const id = revision.revision_id;
      const prepared = await this.options.revisions.prepare(id, path, content, position);
      if (JSONExt.deepEqual(written(content), written(now()))) {
        return { present: content.cells, prepared };
      }
      if (tries === MOST_TRIES) {
        const { trans } = this.options;
        throw new Error(
          trans.__('The notebook is being changed all the time: try again in a moment.')
        );
      }
    }
  }

  /** In front, in command mode: there the undo key undoes what was done to the cells. */
  private show(panel: NotebookPanel): void {
    void this.options.commands.execute('docmanager:open', {
      path: panel.context.path,
      factory: 'Notebook'
    });
    panel.content.mode = 'command';
    panel.content.activate();
  }

  private say(panel: NotebookPanel, keptId: string, position: number | null): void {
    const { commands, trans } = this.options;
    const text =
      position === null
        ? trans.__('Restored. The notebook as it was is kept as a revision.')
        : trans.__('Cell %1 restored. The notebook as it was is kept as a revision.', position);
    const undo = () => {
      if (!panel.isDisposed) {
        NotebookActions.undo(panel.content);
      }
    };
    // One restore at a time is undone by its button: the last.
    Notification.dismiss(this.said);
    this.said = Notification.success(text, {
      autoClose: UNDO_FOR_MS,
      actions: [
        { label: trans.__('Undo'), callback: undo },
        {
          label: trans.__('Show what was there'),
          callback: () => {
            void commands.execute(CommandIDs.openRevision, {
              revisionId: keptId,
              title: trans.__('before the restore')
            });
          }
        }
      ]
    });
  }

  private said = '';

  private async restoreGone(revision: IRevision, path: string): Promise<void> {
    const { revisions, trans } = this.options;
    const asked = await InputDialog.getText({
      title: trans.__('The notebook is gone'),
      label: trans.__('Restore it as'),
      text: path,
      okLabel: trans.__('Restore')
    });
    if (asked.button.accept && asked.value) {
      const restored = await revisions.restoreFile(revision.revision_id, asked.value.trim());
      await this.open(restored);
    }
  }
}

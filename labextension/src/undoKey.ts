/**
 * Ctrl+Z right after a restore.
 *
 * JupyterLab undoes what was typed into a cell with it, and what was done to the list of
 * cells with Z in command mode only: a cell that just came back has nothing to be undone.
 */
import { INotebookContent } from '@jupyterlab/nbformat';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { CommandRegistry } from '@lumino/commands';
import { JSONExt } from '@lumino/coreutils';

import { CommandIDs } from './commands';

const RESTORED = 'nbruns-mod-restored';

export class UndoKey {
  constructor(
    private readonly commands: CommandRegistry,
    label: string
  ) {
    commands.addCommand(CommandIDs.undoRestore, {
      label,
      execute: () => this.undo(),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    commands.addKeyBinding({
      command: CommandIDs.undoRestore,
      keys: ['Accel Z'],
      selector: `.jp-Notebook.${RESTORED}`
    });
  }

  /** From now on the key undoes the restore, until something else is written. */
  arm(panel: NotebookPanel): void {
    this.disarm();
    this.armed = { panel, written: writtenIn(panel) };
    panel.content.addClass(RESTORED);
  }

  private undo(): void {
    const armed = this.armed;
    this.disarm();
    if (armed && JSONExt.deepEqual(armed.written, writtenIn(armed.panel))) {
      NotebookActions.undo(armed.panel.content);
    } else {
      void this.commands.execute('editmenu:undo');
    }
  }

  private disarm(): void {
    if (this.armed && !this.armed.panel.isDisposed) {
      this.armed.panel.content.removeClass(RESTORED);
    }
    this.armed = null;
  }

  private armed: { panel: NotebookPanel; written: ICellText[] } | null = null;
}

type ICellText = [id: string, type: string, text: string];

/** What a person changes in a notebook: outputs come by themselves. */
export function written(content: INotebookContent): ICellText[] {
  return content.cells.map(cell => [
    String(cell.id ?? ''),
    cell.cell_type,
    String(cell.source)
  ]);
}

function writtenIn(panel: NotebookPanel): ICellText[] {
  return written(panel.context.model.toJSON() as INotebookContent);
}

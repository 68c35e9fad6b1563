/** Puts other cells into an open notebook so that one Undo brings the former ones back. */
import { YNotebook } from '@jupyter/ydoc';
import { ICell } from '@jupyterlab/nbformat';
import { INotebookModel } from '@jupyterlab/notebook';
import { JSONExt } from '@lumino/coreutils';

/**
 * Make the cells of a notebook those wanted; `present` is what they were when that was decided.
 *
 * Cells that stay keep their editors, outputs and place. The others are taken out and put in
 * whole: what is typed into a cell is undone within the cell, what happens to the list of
 * cells is undone in the notebook.
 */
export function putCells(model: INotebookModel, present: ICell[], wanted: ICell[]): void {
  const notebook = model.sharedModel as YNotebook;
  // Typing and adding cells within half a second would be undone together with this.
  notebook.undoManager.stopCapturing();
  notebook.transact(() => {
    let at = 0;
    let next = 0;
    for (const cell of wanted) {
      const place = present.findIndex((one, index) => index >= next && isSame(one, cell));
      if (place >= 0) {
        notebook.deleteCellRange(at, at + place - next);
        next = place + 1;
      } else {
        notebook.insertCells(at, [fresh(cell)]);
      }
      at += 1;
    }
    notebook.deleteCellRange(at, at + present.length - next);
  });
  notebook.undoManager.stopCapturing();
}

function isSame(one: ICell, other: ICell): boolean {
  return one.id === other.id && JSONExt.deepEqual(one, other);
}

/** Nobody has looked at these outputs in this page. */
function fresh(cell: ICell): ICell {
  const { trusted, ...metadata } = cell.metadata;
  return { ...cell, metadata };
}

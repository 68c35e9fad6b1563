/** Where tabs about a notebook's past open: beside the notebook, and next to each other. */
import { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';

let last: Widget | null = null;

/** Add a tab beside the notebook in front; a further one joins those already open. */
export function addBeside(
  shell: JupyterFrontEnd.IShell,
  labShell: ILabShell | null,
  notebooks: INotebookTracker,
  tab: Widget
): void {
  const notebook = notebooks.currentWidget;
  if (last && !last.isDisposed && last.isAttached) {
    shell.add(tab, 'main', { ref: last.id, mode: 'tab-after' });
  } else if (notebook?.isVisible && labShell?.currentWidget) {
    shell.add(tab, 'main', { ref: notebook.id, mode: 'split-right' });
  } else {
    shell.add(tab, 'main');
  }
  last = tab;
}

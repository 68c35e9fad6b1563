/** A notebook that nobody can edit or run, and that nobody has looked at in this page yet. */
import { IEditorMimeTypeService } from '@jupyterlab/codeeditor';
import { INotebookContent } from '@jupyterlab/nbformat';
import { NotebookModel, StaticNotebook } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';

import { untrusted } from './revision';

export interface IReadOnlyNotebookOptions {
  rendermime: IRenderMimeRegistry;
  contentFactory: StaticNotebook.IContentFactory;
  mimeTypeService: IEditorMimeTypeService;
  translator: ITranslator;
}

export function readOnlyNotebook(
  content: INotebookContent,
  options: IReadOnlyNotebookOptions
): StaticNotebook {
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
  model.fromJSON(untrusted(content));
  model.readOnly = true;
  notebook.model = model;
  notebook.disposed.connect(() => model.dispose());
  for (const cell of notebook.widgets) {
    cell.readOnly = true;
  }
  return notebook;
}

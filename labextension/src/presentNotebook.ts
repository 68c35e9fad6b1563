/** The notebook a revision was taken of, as it is now: open in this page, in its file, or gone. */
import { INotebookContent } from '@jupyterlab/nbformat';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Contents, ServerConnection } from '@jupyterlab/services';

import { serverPath } from './paths';
import { Revisions } from './revision';

export interface IPresent {
  /** Where the server says it lies, or lay. */
  path: string;
  /** Its tab, where it is open. */
  panel: NotebookPanel | null;
  /** Null where there is no file. */
  content: INotebookContent | null;
}

/** Finds notebooks by their ids, under whatever name they have by now. */
export class PresentNotebooks {
  constructor(
    private readonly revisions: Revisions,
    private readonly tracker: INotebookTracker,
    private readonly contents: Contents.IManager
  ) {}

  /** The notebook as it stands, unsaved edits included. */
  async find(notebookId: string): Promise<IPresent> {
    const path = await this.revisions.pathOf(notebookId);
    const panel = this.open(path);
    if (panel) {
      await panel.context.ready;
      return { path, panel, content: panel.context.model.toJSON() as INotebookContent };
    }
    return { path, panel: null, content: await this.saved(path) };
  }

  /** The tab of the notebook at a path; renamed a moment ago, it is found by its new one. */
  open(path: string): NotebookPanel | null {
    const isIt = (panel: NotebookPanel) =>
      serverPath(this.contents, panel.context.path) === path;
    return this.tracker.find(isIt) ?? null;
  }

  private async saved(path: string): Promise<INotebookContent | null> {
    try {
      const model = await this.contents.get(path, { type: 'notebook', content: true });
      return model.content as INotebookContent;
    } catch (error) {
      if (error instanceof ServerConnection.ResponseError && error.response.status === 404) {
        return null;
      }
      throw error;
    }
  }
}

/** A notebook's past as the server tells it, and what it can be asked to do with it. */
import { INotebookContent, IOutput } from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';
import { JSONExt, PartialJSONObject } from '@lumino/coreutils';

import { withoutLargeOutputs } from './outputLimit';
import { getJson, postJson } from './request';

export interface IRevision {
  revision_id: string;
  notebook_id: string;
  path: string;
  method: 'browser' | 'executed' | 'file';
  captured_ms: number;
  digest: string;
  cell_count: number;
}

/** A run that has a revision. */
export interface IRunOfRevision {
  run_id: string;
  name: string;
  moment: 'start' | 'end';
}

/** A revision in the list of a notebook's, with the runs that hold it. */
export interface IListedRevision extends IRevision {
  runs: IRunOfRevision[];
}

/** The answer of `revisions/get`. */
export interface IRevisionReply {
  revision: IRevision;
  content: INotebookContent;
  /** Those that have it, newest first. */
  runs: IRunOfRevision[];
}

/** A cell of either notebook; positions count from 1. */
export interface ICellChange {
  kind: 'same' | 'added' | 'removed' | 'edited' | 'moved' | 'outputs' | 'metadata';
  cell_id: string | null;
  cell_type: string;
  old_position: number | null;
  new_position: number | null;
  is_moved: boolean;
  outputs_differ: boolean;
  metadata_differ: boolean;
  is_skipped: boolean;
  old_source: string;
  new_source: string;
  old_outputs?: IOutput[];
  new_outputs?: IOutput[];
  old_metadata?: PartialJSONObject;
  new_metadata?: PartialJSONObject;
}

/** The answer of `revisions/diff`. */
export interface IDifference {
  old: IRevision;
  new: IRevision | null;
  words: string;
  other_words: string;
  cells: ICellChange[];
}

/** The answer of `revisions/prepare`: the present was kept; this is to take its place. */
export interface IPrepared {
  kept: IRevision;
  content: INotebookContent;
}

/** The calls about revisions. */
export class Revisions {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  get(revisionId: string): Promise<IRevisionReply> {
    return getJson(this.settings, 'revisions/get', { revision_id: revisionId });
  }

  /** The newest hundred of a notebook, newest first. */
  async list(notebookId: string): Promise<IListedRevision[]> {
    const query = { notebook_id: notebookId, max_results: '100' };
    const reply = await getJson<{ revisions: IListedRevision[] }>(
      this.settings,
      'revisions/search',
      query
    );
    return reply.revisions;
  }

  /** Where the notebook lies now, or lay last. */
  async pathOf(notebookId: string): Promise<string> {
    const reply = await getJson<{ notebook: { path: string } }>(
      this.settings,
      'notebooks/get',
      { notebook_id: notebookId }
    );
    return reply.notebook.path;
  }

  diff(revisionId: string, otherId: string): Promise<IDifference> {
    const query = { revision_id: revisionId, other_revision_id: otherId };
    return getJson(this.settings, 'revisions/diff', query);
  }

  /** What changed since a revision, up to a notebook as it is now. */
  diffWith(revisionId: string, content: INotebookContent): Promise<IDifference> {
    return postJson(this.settings, 'revisions/diff', {
      revision_id: revisionId,
      content: withoutLargeOutputs(content)
    });
  }

  /** Keep the present, and learn what it becomes with a revision, or one cell of it, put in. */
  prepare(
    revisionId: string,
    path: string,
    content: INotebookContent,
    position: number | null
  ): Promise<IPrepared> {
    return postJson(this.settings, 'revisions/prepare', {
      revision_id: revisionId,
      path,
      content,
      position
    });
  }

  /** Say that what was prepared is in place. */
  async noteRestored(
    revisionId: string,
    path: string,
    keptId: string,
    position: number | null
  ): Promise<void> {
    await postJson(this.settings, 'revisions/restored', {
      revision_id: revisionId,
      path,
      kept_revision_id: keptId,
      position
    });
  }

  /** Write a revision to a file; its path is returned. */
  async restoreFile(revisionId: string, path: string): Promise<string> {
    const body = { revision_id: revisionId, path };
    const reply = await postJson<{ path: string }>(this.settings, 'revisions/restore', body);
    return reply.path;
  }

  /** Save a revision as a new notebook beside the one it was taken of; its path is returned. */
  async copy(revisionId: string, name: string): Promise<string> {
    const body = { revision_id: revisionId, name };
    const reply = await postJson<{ path: string }>(this.settings, 'revisions/copy', body);
    return reply.path;
  }

  /** Delete a revision, and the text only it held, for good. */
  async purge(revisionId: string): Promise<void> {
    await postJson(this.settings, 'revisions/purge', { revision_id: revisionId });
  }
}

/** The notebook without its marks of trust: nobody has looked at these outputs in this page. */
export function untrusted(content: INotebookContent): INotebookContent {
  const copy = JSONExt.deepCopy(content) as INotebookContent;
  for (const cell of copy.cells) {
    delete cell.metadata.trusted;
  }
  return copy;
}

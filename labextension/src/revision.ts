/** A revision as the server sends it, and its way back into a file. */
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookContent } from '@jupyterlab/nbformat';
import { Contents } from '@jupyterlab/services';
import { JSONExt } from '@lumino/coreutils';

export interface IRevision {
  revision_id: string;
  notebook_id: string;
  path: string;
  method: 'browser' | 'executed' | 'file';
  captured_ms: number;
  digest: string;
  cell_count: number;
}

/** The answer of `revisions/get`. */
export interface IRevisionReply {
  revision: IRevision;
  content: INotebookContent;
}

/** Save a revision as a new notebook beside the one it was taken of; its path is returned. */
export async function saveCopy(
  contents: Contents.IManager,
  reply: IRevisionReply,
  name: string
): Promise<string> {
  const { folder, taken } = await listFolder(contents, PathExt.dirname(reply.revision.path));
  const stem = fileStem(reply.revision.path, name);
  const path = PathExt.join(folder, freeName(stem, taken));
  const saved = await contents.save(path, {
    type: 'notebook',
    format: 'json',
    content: untrusted(reply.content)
  });
  return saved.path;
}

/** The notebook without its marks of trust: nobody has looked at these outputs in this page. */
export function untrusted(content: INotebookContent): INotebookContent {
  const copy = JSONExt.deepCopy(content) as INotebookContent;
  for (const cell of copy.cells) {
    delete cell.metadata.trusted;
  }
  return copy;
}

/** A folder and the names in it; the root where the folder is gone. */
async function listFolder(
  contents: Contents.IManager,
  folder: string
): Promise<{ folder: string; taken: Set<string> }> {
  const model = await contents.get(folder).catch(() => contents.get(''));
  const files = model.content as Contents.IModel[];
  return { folder: model.path, taken: new Set(files.map(file => file.name)) };
}

function fileStem(path: string, name: string): string {
  const stem = PathExt.basename(path, '.ipynb');
  const word = name.replace(/[^\p{L}\p{N} _.-]+/gu, '-').trim();
  return word ? `${stem}-${word}` : stem;
}

function freeName(stem: string, taken: Set<string>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${stem}.ipynb` : `${stem}-${number}.ipynb`;
    if (!taken.has(name)) {
      return name;
    }
  }
}

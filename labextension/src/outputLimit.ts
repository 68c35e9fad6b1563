/**
 * Outputs that are too large to be sent, replaced by a line that says so.
 *
 * The server does the same per cell, but reads bodies up to 64 MiB only: a notebook
 * with more would be refused as a whole.
 */
import { PageConfig } from '@jupyterlab/coreutils';
import { ICell, INotebookContent, isCode } from '@jupyterlab/nbformat';

const BODY_LIMIT_BYTES = 60 * 2 ** 20;
const OUTPUT_LIMIT_BYTES = 8 * 2 ** 20;

/** The notebook without the outputs over the limit of a cell, nor more than fits in a request. */
export function withoutLargeOutputs(content: INotebookContent): INotebookContent {
  const limit = Math.min(outputLimit(), mostThatFits(content));
  const cells = content.cells.map(cell => {
    const size = outputBytes(cell);
    return size > limit ? { ...cell, outputs: [leftOut(size, limit)] } : cell;
  });
  return { ...content, cells };
}

/** The notebook's code alone. */
export function withoutOutputs(content: INotebookContent): INotebookContent {
  const cells = content.cells.map(cell => (isCode(cell) ? { ...cell, outputs: [] } : cell));
  return { ...content, cells };
}

/** The size from which on outputs must go, for the rest to fit: the largest go first. */
function mostThatFits(content: INotebookContent): number {
  let room = BODY_LIMIT_BYTES - bytesOf(withoutOutputs(content));
  const sizes = content.cells.map(outputBytes).filter(size => size > 0);
  for (const size of sizes.sort((a, b) => a - b)) {
    room -= size;
    if (room < 0) {
      return size - 1;
    }
  }
  return Infinity;
}

/** What the server keeps of one cell (its NBRUNS_OUTPUT_LIMIT), which the page was told. */
function outputLimit(): number {
  return Number(PageConfig.getOption('nbrunsOutputLimit') || OUTPUT_LIMIT_BYTES);
}

function outputBytes(cell: ICell): number {
  return isCode(cell) && cell.outputs.length > 0 ? bytesOf(cell.outputs) : 0;
}

function bytesOf(value: object): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

function leftOut(size: number, limit: number) {
  const [left, most] = [size, limit].map(bytes => bytes.toLocaleString('en-US'));
  const text = `[${left} bytes of output left out: over the limit of ${most}]\n`;
  return { output_type: 'stream', name: 'stderr', text };
}

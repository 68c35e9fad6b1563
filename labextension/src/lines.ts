/**
 * Draws the line with which a command in a notebook answers: words, and names that are links.
 *
 * A type of its own, since plain HTML has no link that the keyboard reaches and no other page
 * shows as a dead one. It counts as unsafe: where an output is not trusted, JupyterLab takes the
 * plain words beside it.
 */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { CommandIDs } from './commands';

const LINE_MIME = 'application/vnd.nbruns.line+json';

interface ILink {
  kind: 'run' | 'revision' | 'place';
  id: string;
  words: string;
}

type Piece = string | ILink;

const linesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:lines',
  description: 'Draws the answers of the commands in a notebook, with links to runs.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nbruns');
    rendermime.addFactory(
      {
        safe: false,
        mimeTypes: [LINE_MIME],
        createRenderer: () => new Line(app, trans)
      },
      0
    );
  }
};

class Line extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('nbruns-line');
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const said = model.data[LINE_MIME] as unknown as { pieces: Piece[] };
    this.node.replaceChildren(
      ...said.pieces.map(piece => (typeof piece === 'string' ? piece : this.link(piece)))
    );
    return Promise.resolve();
  }

  private link(link: ILink): HTMLButtonElement {
    const button = document.createElement('button');
    button.className = 'nbruns-line-link';
    button.textContent = link.words;
    const [title, command, args] = this.target(link);
    button.title = title;
    button.onclick = () => void this.app.commands.execute(command, args);
    return button;
  }

  private target(link: ILink): [string, string, Record<string, string>] {
    const { trans } = this;
    switch (link.kind) {
      case 'run':
        return [trans.__('Show this run in the Runs panel'), CommandIDs.openRun, { runId: link.id }];
      case 'place':
        return [trans.__('Show this in the Runs panel'), CommandIDs.openPlace, { place: link.id }];
      default:
        return [
          trans.__('Open this revision beside the notebook'),
          CommandIDs.openRevision,
          { revisionId: link.id, title: link.words }
        ];
    }
  }
}

export default linesPlugin;

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { INotebookContent } from '@jupyterlab/nbformat';
import { NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { ITable, readParquet } from './parquet';
import { readOnlyNotebook } from './readOnlyNotebook';

/** What a view of the panel asks the page to draw, in the node it names. */
type Asked =
  | { kind: 'markdown'; node: HTMLElement; data: string }
  | { kind: 'notebook'; node: HTMLElement; data: INotebookContent }
  | {
      kind: 'parquet';
      node: HTMLElement;
      url: string;
      size: number;
      rows: number;
      answer?: Promise<ITable>;
    };

const renderingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:rendering',
  description: 'Draws Markdown, notebooks and Parquet for the views of runs.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [IEditorServices, NotebookPanel.IContentFactory, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    editors: IEditorServices | null,
    contentFactory: NotebookPanel.IContentFactory | null,
    translator: ITranslator | null
  ) => {
    const drawn = new WeakMap<HTMLElement, Widget>();
    const release = (node: HTMLElement) => {
      drawn.get(node)?.dispose();
      drawn.delete(node);
    };
    const attach = (node: HTMLElement, widget: Widget) => {
      release(node);
      drawn.set(node, widget);
      Widget.attach(widget, node);
    };

    const draw = (asked: Asked): boolean => {
      switch (asked.kind) {
        case 'markdown':
          attach(asked.node, markdown(rendermime, asked.data));
          return true;
        case 'notebook':
          if (!editors || !contentFactory || !Array.isArray(asked.data?.cells)) {
            return false;
          }
          attach(
            asked.node,
            readOnlyNotebook(asked.data, {
              rendermime,
              contentFactory,
              mimeTypeService: editors.mimeTypeService,
              translator: translator ?? nullTranslator
            })
          );
          return true;
        case 'parquet':
          asked.answer = readParquet(asked.url, asked.size, asked.rows);
          return true;
      }
    };

    // The views are drawn by code that a kernel sent: events are all it shares with ours.
    document.addEventListener('nbruns-render', event => {
      if (event instanceof CustomEvent && draw(event.detail as Asked)) {
        event.preventDefault();
      }
    });
    document.addEventListener('nbruns-release', event => {
      if (event instanceof CustomEvent) {
        release((event.detail as { node: HTMLElement }).node);
      }
    });
  }
};

/** Markdown as JupyterLab draws that of strangers: sanitised. */
function markdown(rendermime: IRenderMimeRegistry, text: string): Widget {
  const renderer = rendermime.createRenderer('text/markdown');
  const data = { 'text/markdown': text };
  void renderer.renderModel(new MimeModel({ trusted: false, data }));
  return renderer;
}

export default renderingPlugin;

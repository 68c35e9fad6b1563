import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, showErrorMessage, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from './commands';
import { IRevisionReply, saveCopy } from './revision';
import { getJson } from './request';
import { RevisionView } from './revisionView';

type RevisionTab = MainAreaWidget<RevisionView>;

const revisionsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:revisions',
  description: 'Opens a revision of a notebook, read-only, beside the notebook.',
  autoStart: true,
  requires: [
    INotebookTracker,
    IRenderMimeRegistry,
    IEditorServices,
    NotebookPanel.IContentFactory
  ],
  optional: [ILabShell, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    editors: IEditorServices,
    contentFactory: NotebookPanel.IContentFactory,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const words = translator ?? nullTranslator;
    const trans = words.load('nbruns');
    const { contents, serverSettings } = app.serviceManager;
    const tabs = new WidgetTracker<RevisionTab>({ namespace: 'nbruns-revision' });

    const openCopy = async (view: RevisionView) => {
      try {
        const path = await saveCopy(contents, view.reply, view.name);
        await app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
      } catch (error) {
        await showErrorMessage(trans.__('The revision could not be copied'), error as Error);
      }
    };

    const makeTab = async (revisionId: string, title: string): Promise<RevisionTab> => {
      const reply = await getJson<IRevisionReply>(serverSettings, 'revisions/get', {
        revision_id: revisionId
      });
      const content = new RevisionView({
        reply,
        title,
        rendermime,
        contentFactory,
        mimeTypeService: editors.mimeTypeService,
        translator: words,
        openCopy
      });
      const tab = new MainAreaWidget({ content });
      tab.id = `nbruns-revision-${revisionId}`;
      tab.addClass('nbruns-revision-tab');
      tab.toolbar.hide();
      return tab;
    };

    /** Beside the notebook; a further revision joins the tabs of those already open. */
    const place = (tab: RevisionTab) => {
      const neighbour = tabs.currentWidget;
      const notebook = notebooks.currentWidget;
      if (neighbour) {
        app.shell.add(tab, 'main', { ref: neighbour.id, mode: 'tab-after' });
      } else if (notebook && labShell?.currentWidget) {
        app.shell.add(tab, 'main', { ref: notebook.id, mode: 'split-right' });
      } else {
        app.shell.add(tab, 'main');
      }
    };

    app.commands.addCommand(CommandIDs.openRevision, {
      label: trans.__('Open Revision'),
      execute: async args => {
        const revisionId = String(args.revisionId);
        const open = tabs.find(tab => tab.content.revisionId === revisionId);
        if (open) {
          app.shell.activateById(open.id);
          return;
        }
        try {
          const tab = await makeTab(revisionId, String(args.title ?? ''));
          place(tab);
          await tabs.add(tab);
          app.shell.activateById(tab.id);
        } catch (error) {
          await showErrorMessage(trans.__('The revision could not be opened'), error as Error);
        }
      },
      describedBy: {
        args: {
          type: 'object',
          required: ['revisionId'],
          properties: {
            revisionId: { type: 'string', description: trans.__('The id of the revision') },
            title: { type: 'string', description: trans.__('The name of its run') }
          }
        }
      }
    });

    void restorer?.restore(tabs, {
      command: CommandIDs.openRevision,
      args: tab => ({ revisionId: tab.content.revisionId, title: tab.content.name }),
      name: tab => tab.content.revisionId
    });
  }
};

export default revisionsPlugin;

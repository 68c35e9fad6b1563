import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Dialog,
  MainAreaWidget,
  Notification,
  showDialog,
  showErrorMessage,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { addBeside } from './besideNotebook';
import { CommandIDs } from './commands';
import { Revisions } from './revision';
import { IRevisionOrders, RevisionView } from './revisionView';

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
    const revisions = new Revisions(app.serviceManager.serverSettings);
    const tabs = new WidgetTracker<RevisionTab>({ namespace: 'nbruns-revision' });

    const execute = async (id: string, args: ReadonlyPartialJSONObject) => {
      await app.commands.execute(id, args);
    };
    const orders: IRevisionOrders = {
      showRun: view => execute(CommandIDs.openRun, { runId: view.run?.run_id ?? '' }),
      restore: view => execute(CommandIDs.restoreRevision, { revisionId: view.revisionId }),
      take: (view, position) =>
        execute(CommandIDs.restoreRevision, { revisionId: view.revisionId, position }),
      compare: view =>
        execute(CommandIDs.diffRevision, { revisionId: view.revisionId, title: view.name }),
      copy: view =>
        execute(CommandIDs.copyRevision, { revisionId: view.revisionId, title: view.name }),
      purge: view => execute(CommandIDs.purgeRevision, { revisionId: view.revisionId })
    };

    const makeTab = async (revisionId: string, title: string): Promise<RevisionTab> => {
      const reply = await revisions.get(revisionId);
      const content = new RevisionView({
        reply,
        title,
        rendermime,
        contentFactory,
        mimeTypeService: editors.mimeTypeService,
        translator: words,
        orders
      });
      const tab = new MainAreaWidget({ content });
      tab.id = `nbruns-revision-${revisionId}`;
      tab.addClass('nbruns-revision-tab');
      tab.toolbar.hide();
      return tab;
    };

    /** What goes wrong is told in a dialog, under a title. */
    const telling = async (title: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        await showErrorMessage(title, error as Error);
      }
    };
    const revisionId = {
      type: 'string',
      description: trans.__('The id of the revision')
    } as const;
    const title = { type: 'string', description: trans.__('The name of its run') } as const;
    const describedBy = {
      args: { type: 'object', required: ['revisionId'], properties: { revisionId, title } }
    } as const;

    app.commands.addCommand(CommandIDs.openRevision, {
      label: trans.__('Open Revision'),
      execute: args =>
        telling(trans.__('The revision could not be opened'), async () => {
          const id = String(args.revisionId);
          const open = tabs.find(tab => tab.content.revisionId === id);
          if (!open) {
            const tab = await makeTab(id, String(args.title ?? ''));
            addBeside(app.shell, labShell, notebooks, tab);
            await tabs.add(tab);
          }
          app.shell.activateById(`nbruns-revision-${id}`);
        }),
      describedBy
    });

    app.commands.addCommand(CommandIDs.copyRevision, {
      label: trans.__('Open Revision as Copy'),
      execute: args =>
        telling(trans.__('The revision could not be copied'), async () => {
          const path = await revisions.copy(String(args.revisionId), String(args.title ?? ''));
          await app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
        }),
      describedBy
    });

    app.commands.addCommand(CommandIDs.purgeRevision, {
      label: trans.__('Purge Revision…'),
      execute: args =>
        telling(trans.__('The revision could not be purged'), async () => {
          const id = String(args.revisionId);
          const asked = await showDialog({
            title: trans.__('Purge this revision?'),
            body: trans.__(
              'Its cells and outputs are deleted for good, wherever only it holds them. Its runs keep their parameters and metrics, but no longer this code. The notebook itself stays as it is.'
            ),
            buttons: [
              Dialog.cancelButton(),
              Dialog.warnButton({ label: trans.__('Purge') })
            ],
            defaultButton: 0
          });
          if (asked.button.accept) {
            await revisions.purge(id);
            tabs.find(tab => tab.content.revisionId === id)?.dispose();
            Notification.info(trans.__('The revision is purged.'), { autoClose: 5_000 });
          }
        }),
      describedBy
    });

    void restorer?.restore(tabs, {
      command: CommandIDs.openRevision,
      args: tab => ({ revisionId: tab.content.revisionId, title: tab.content.name }),
      name: tab => tab.content.revisionId
    });
  }
};

export default revisionsPlugin;

import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, showErrorMessage, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addBeside } from './besideNotebook';
import { CommandIDs } from './commands';
import { DiffView } from './diffView';
import { PresentNotebooks } from './presentNotebook';
import { Restorer } from './restoring';
import { Revisions } from './revision';
import { UndoKey } from './undoKey';

type DiffTab = MainAreaWidget<DiffView>;

const revisionDiffPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:revision-diff',
  description: 'Shows what changed since a revision, and brings it back.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry, IEditorServices, IEditorLanguageRegistry],
  optional: [ILabShell, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    editors: IEditorServices,
    languages: IEditorLanguageRegistry,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nbruns');
    const { contents, serverSettings } = app.serviceManager;
    const revisions = new Revisions(serverSettings);
    const notebooks = new PresentNotebooks(revisions, tracker, contents);
    const undoKey = new UndoKey(app.commands, trans.__('Undo Restore'));
    const back = new Restorer({ revisions, notebooks, commands: app.commands, undoKey, trans });
    const tabs = new WidgetTracker<DiffTab>({ namespace: 'nbruns-diff' });
    // The kernel that drew these widgets is gone: show the text they left instead.
    const drawn = rendermime.clone();
    drawn.removeMimeType('application/vnd.jupyter.widget-view+json');

    const restore = async (revisionId: string, position: number | null) => {
      try {
        const { revision } = await revisions.get(revisionId);
        await back.restore(revision, position);
      } catch (error) {
        await showErrorMessage(trans.__('The revision could not be restored'), error as Error);
      }
    };

    const makeTab = async (revisionId: string, title: string, other: string) => {
      const content = new DiffView({
        reply: await revisions.get(revisionId),
        title,
        other,
        revisions,
        notebooks,
        rendermime: drawn,
        languages,
        mimeTypes: editors.mimeTypeService,
        trans,
        restore: (revision, position) => restore(revision.revision_id, position)
      });
      const tab = new MainAreaWidget({ content });
      tab.id = `nbruns-diff-${revisionId}`;
      tab.addClass('nbruns-diff-tab');
      tab.toolbar.hide();
      return tab;
    };

    app.commands.addCommand(CommandIDs.diffRevision, {
      label: trans.__('Show Changes Since Revision'),
      execute: async args => {
        const revisionId = String(args.revisionId);
        const other = String(args.other ?? '');
        try {
          const open = tabs.find(tab => tab.content.revisionId === revisionId);
          const tab = open ?? (await makeTab(revisionId, String(args.title ?? ''), other));
          if (!open) {
            addBeside(app.shell, labShell, tracker, tab);
            await tabs.add(tab);
          }
          app.shell.activateById(tab.id);
          await tab.content.compareWith(other);
        } catch (error) {
          await showErrorMessage(
            trans.__('The revision could not be compared'),
            error as Error
          );
        }
      },
      describedBy: {
        args: {
          type: 'object',
          required: ['revisionId'],
          properties: {
            revisionId: { type: 'string', description: trans.__('The id of the revision') },
            title: { type: 'string', description: trans.__('The name of its run') },
            other: {
              type: 'string',
              description: trans.__(
                'The id of another revision; without one it is compared with the notebook as it is now'
              )
            }
          }
        }
      }
    });

    app.commands.addCommand(CommandIDs.restoreRevision, {
      label: trans.__('Restore Revision'),
      execute: args => {
        const position = typeof args.position === 'number' ? args.position : null;
        return restore(String(args.revisionId), position);
      },
      describedBy: {
        args: {
          type: 'object',
          required: ['revisionId'],
          properties: {
            revisionId: { type: 'string', description: trans.__('The id of the revision') },
            position: {
              type: 'number',
              description: trans.__('Of the one cell to bring back, counted from 1')
            }
          }
        }
      }
    });

    void restorer?.restore(tabs, {
      command: CommandIDs.diffRevision,
      args: ({ content }) => ({
        revisionId: content.revisionId,
        title: content.name,
        other: content.comparedWith
      }),
      name: tab => tab.content.revisionId
    });
  }
};

export default revisionDiffPlugin;

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from './commands';

const insertionPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:insertion',
  description: 'Puts code that the panel offers into the notebook in front.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('nbruns');
    app.commands.addCommand(CommandIDs.insertCell, {
      label: trans.__('Insert Code as Cell'),
      execute: args => {
        const panel = tracker.currentWidget;
        if (!panel) {
          Notification.warning(trans.__('Open a notebook to put the code into.'));
          return;
        }
        NotebookActions.insertBelow(panel.content);
        panel.content.activeCell?.model.sharedModel.setSource(String(args.source ?? ''));
        app.shell.activateById(panel.id);
      },
      describedBy: {
        args: {
          type: 'object',
          required: ['source'],
          properties: { source: { type: 'string', description: trans.__('The code') } }
        }
      }
    });
  }
};

export default insertionPlugin;

import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from './commands';
import { runsIcon } from './icons';
import { followOrders } from './orders';
import { IPanelLink } from './panelLink';
import { serverPath } from './paths';
import { IPreferences } from './preferences';
import { RunsPanel } from './runsPanel';
import { Seat } from './seat';
import { showSeat } from './seatStates';
import { keptState, keepState } from './tab';

const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:panel',
  description: 'Shows the runs of the notebook in front.',
  autoStart: true,
  requires: [INotebookTracker, IPanelLink, IPreferences],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    link: IPanelLink,
    preferences: IPreferences,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nbruns');
    const panel = new RunsPanel(trans);
    const seat = new Seat('', keptState());
    showSeat(panel, seat, () => link.connect(), trans);
    followOrders(app, seat);
    seat.said.connect((_, said) => said.type === 'state' && keepState(said.state));

    app.shell.add(panel, 'right', { rank: 650, type: 'Runs' });
    restorer?.add(panel, panel.id);
    addOpenCommand(app, panel, labShell, palette, trans);
    addOpenRunCommand(app, seat, trans);
    addOpenPlaceCommand(app, seat, trans);

    void app.restored.then(() => {
      followNotebook(app, tracker, seat, preferences);
      link.add(seat);
    });
  }
};

function addOpenCommand(
  app: JupyterFrontEnd,
  panel: RunsPanel,
  labShell: ILabShell | null,
  palette: ICommandPalette | null,
  trans: TranslationBundle
): void {
  app.commands.addCommand(CommandIDs.openPanel, {
    label: args => (args.toolbar ? '' : trans.__('Show Runs')),
    caption: trans.__('Show the runs of this notebook'),
    icon: runsIcon,
    execute: () => {
      if (labShell) {
        labShell.expandRight();
      }
      app.shell.activateById(panel.id);
    },
    describedBy: { args: { type: 'object', properties: { toolbar: { type: 'boolean' } } } }
  });
  palette?.addItem({ command: CommandIDs.openPanel, category: trans.__('Runs') });
}

/** A run is named elsewhere in the page: show the panel, and this run in it. */
function addOpenRunCommand(app: JupyterFrontEnd, seat: Seat, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Show Run'),
    execute: async args => {
      await app.commands.execute(CommandIDs.openPanel);
      seat.tell('pick', { run_id: String(args.runId) });
    },
    describedBy: {
      args: {
        type: 'object',
        required: ['runId'],
        properties: { runId: { type: 'string', description: trans.__('The id of the run') } }
      }
    }
  });
}

/** A model, a version or a request is named elsewhere in the page: show its place in the panel. */
function addOpenPlaceCommand(app: JupyterFrontEnd, seat: Seat, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.openPlace, {
    label: trans.__('Show Models beside the Notebook'),
    execute: async args => {
      await app.commands.execute(CommandIDs.openPanel);
      seat.tell('go', { place: String(args.place ?? 'models') });
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          place: {
            type: 'string',
            description: trans.__('Where in the Models view, such as models/churn/3 or requests')
          }
        }
      }
    }
  });
}

/** Tell the app which notebook is in front: after a tab switch, a rename, a close. */
function followNotebook(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  seat: Seat,
  preferences: IPreferences
): void {
  const { contents } = app.serviceManager;
  let shown: NotebookPanel | null = null;
  const tell = () => {
    // One that is not followed stays in sight until it is closed.
    if (preferences.followNotebook || !shown || shown.isDisposed) {
      shown = tracker.currentWidget;
    }
    seat.setNotebook(shown && serverPath(contents, shown.context.path));
  };
  const listen = (notebook: NotebookPanel) => notebook.context.pathChanged.connect(tell);
  tracker.forEach(listen);
  tracker.widgetAdded.connect((_, notebook) => listen(notebook));
  tracker.currentChanged.connect(tell);
  preferences.changed.connect(tell);
  tell();
}

export default panelPlugin;

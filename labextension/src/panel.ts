import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ServerConnection } from '@jupyterlab/services';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from './commands';
import { runsIcon } from './icons';
import { LinkState, PanelLink } from './panelLink';
import { FromPanel } from './panelSession';
import { serverPath } from './paths';
import { RunsPanel } from './runsPanel';
import { NoWidgets } from './widgets';

const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:panel',
  description: 'Shows the runs of the notebook in front.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nbruns');
    const panel = new RunsPanel(trans);
    const link = new PanelLink(app, rendermime);
    link.changed.connect((_, state) => showState(panel, link, state, trans));
    link.said.connect((_, said) => void heed(app, panel, said));
    panel.disposed.connect(() => link.dispose());

    app.shell.add(panel, 'right', { rank: 650, type: 'Runs' });
    restorer?.add(panel, panel.id);
    addOpenCommand(app, panel, labShell, palette, trans);

    // Before that, kernels and notebooks of the former page are still coming back.
    void app.restored.then(() => {
      followNotebook(app, tracker, link);
      link.connect();
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

/** Tell the app which notebook is in front: after a tab switch, a rename, a close. */
function followNotebook(app: JupyterFrontEnd, tracker: INotebookTracker, link: PanelLink): void {
  const { contents } = app.serviceManager;
  const tell = () => {
    const path = tracker.currentWidget?.context.path;
    link.setNotebook(path === undefined ? null : serverPath(contents, path));
  };
  const listen = (notebook: NotebookPanel) => notebook.context.pathChanged.connect(tell);
  tracker.forEach(listen);
  tracker.widgetAdded.connect((_, notebook) => listen(notebook));
  tracker.currentChanged.connect(tell);
  tell();
}

/** Do what the app asks of the browser. */
async function heed(app: JupyterFrontEnd, panel: RunsPanel, said: FromPanel): Promise<void> {
  if (said.type === 'open-revision') {
    await app.commands.execute(CommandIDs.openRevision, {
      revisionId: said.revision_id,
      title: said.title ?? ''
    });
  } else if (said.type === 'error') {
    panel.complain(said.text);
  }
}

function showState(
  panel: RunsPanel,
  link: PanelLink,
  state: LinkState,
  trans: TranslationBundle
): void {
  const retry = { label: trans.__('Retry'), press: () => link.connect() };
  switch (state.kind) {
    case 'starting':
      panel.say({ text: trans.__('Starting the runs panel…'), isBusy: true });
      break;
    case 'shown':
      panel.showApp(state.root);
      break;
    case 'held':
      panel.unsay();
      break;
    case 'wavering':
      panel.say({ text: trans.__('Reconnecting to the server…'), isBusy: true, button: retry });
      break;
    case 'failed':
      panel.say({ text: failureText(state.error, trans), button: retry });
      break;
  }
}

function failureText(error: unknown, trans: TranslationBundle): string {
  if (error instanceof NoWidgets) {
    return trans.__(
      'The runs panel is drawn with widgets, and JupyterLab has none. Install them with "pip install jupyterlab_widgets", or enable the extension @jupyter-widgets/jupyterlab-manager, then reload this page.'
    );
  }
  if (error instanceof ServerConnection.NetworkError) {
    return trans.__('The Jupyter server does not answer. Trying again…');
  }
  const reason = error instanceof Error ? error.message : String(error);
  return trans.__('The runs panel could not be started: %1', reason);
}

export default panelPlugin;

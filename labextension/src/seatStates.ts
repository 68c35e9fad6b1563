/** What a frame says while its app is on the way, out of reach, or cannot be had. */
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { RunsPanel } from './runsPanel';
import { Seat, SeatState } from './seat';
import { NoWidgets } from './widgets';

/** Show a seat's app in a frame, and in its place or above it how things stand. */
export function showSeat(
  panel: RunsPanel,
  seat: Seat,
  retry: () => void,
  trans: TranslationBundle
): void {
  seat.changed.connect((_, state) => showState(panel, state, retry, trans));
  seat.said.connect((_, said) => {
    if (said.type === 'error') {
      panel.complain(said.text);
    }
  });
  panel.disposed.connect(() => seat.dispose());
}

function showState(
  panel: RunsPanel,
  state: SeatState,
  press: () => void,
  trans: TranslationBundle
): void {
  const retry = { label: trans.__('Retry'), press };
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

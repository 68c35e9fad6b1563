/** What an app may ask of the browser: our own commands, and nothing else. */
import { JupyterFrontEnd } from '@jupyterlab/application';

import { Seat } from './seat';

const OURS = 'nbruns:';

/** Carry out what the app at a seat asks for. */
export function followOrders(app: JupyterFrontEnd, seat: Seat): void {
  seat.said.connect((_, said) => {
    if (said.type === 'command' && said.id.startsWith(OURS)) {
      void app.commands
        .execute(said.id, said.args)
        .catch((error: unknown) => seat.complain(String(error)));
    }
  });
}

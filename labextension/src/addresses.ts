import { IRouter, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReadonlyJSONObject } from '@lumino/coreutils';

import { CommandIDs } from './commands';
import { VIEW_FIELD, viewIn, viewUrl } from './view';

const addressesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:addresses',
  description: 'Gives a view of runs an address, and opens what an address names.',
  autoStart: true,
  optional: [IRouter, ITranslator],
  activate: (app: JupyterFrontEnd, router: IRouter | null, translator: ITranslator | null) => {
    addLinkCommand(app, (translator ?? nullTranslator).load('nbruns'));
    if (router) {
      followAddresses(app, router);
    }
  }
};

/** The address of a view goes to the clipboard; whoever may use this server opens it with it. */
function addLinkCommand(app: JupyterFrontEnd, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.copyLink, {
    label: trans.__('Copy Link to Runs'),
    execute: args => {
      Clipboard.copyToSystem(viewUrl((args.state ?? {}) as ReadonlyJSONObject));
      Notification.success(trans.__('Link copied'), { autoClose: 2000 });
    },
    describedBy: {
      args: { type: 'object', required: ['state'], properties: { state: { type: 'object' } } }
    }
  });
}

/** Open what `?nbruns=…` names, and take it out of the address: a reload keeps the tab anyway. */
function followAddresses(app: JupyterFrontEnd, router: IRouter): void {
  app.commands.addCommand(CommandIDs.followAddress, {
    execute: async () => {
      const { path, search, hash } = router.current;
      const state = viewIn(search ?? '');
      const left = new URLSearchParams(search);
      left.delete(VIEW_FIELD);
      const query = left.toString();
      await app.restored;
      router.navigate(`${path}${query ? `?${query}` : ''}${hash ?? ''}`, { skipRouting: true });
      if (state) {
        await app.commands.execute(CommandIDs.openTab, { state });
      }
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });
  router.register({ command: CommandIDs.followAddress, pattern: /[?&]nbruns=/, rank: 40 });
}

export default addressesPlugin;

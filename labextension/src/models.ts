import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from './commands';
import { modelsIcon } from './icons';

const MODELS = 'models';

const modelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:models',
  description: 'Shows the model registry in a tab.',
  autoStart: true,
  optional: [ICommandPalette, ILauncher, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nbruns');
    app.commands.addCommand(CommandIDs.openModels, {
      label: trans.__('Models'),
      caption: trans.__('Show the registered models in a tab'),
      icon: modelsIcon,
      execute: args =>
        // Back from the models lie the experiments: such a tab is no notebook's.
        app.commands.execute(CommandIDs.openTab, {
          key: MODELS,
          title: trans.__('Models'),
          state: { experiments: true, registry: placeOf(args) },
          // Asked for the models alone, a tab that is open stays where it is among them.
          place: args.name ? placeOf(args) : null
        }),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            name: { type: 'string', description: trans.__('The model whose page is shown') },
            version: { type: 'number', description: trans.__('The version whose page is shown') }
          }
        }
      }
    });
    palette?.addItem({ command: CommandIDs.openModels, category: trans.__('Runs') });
    launcher?.add({ command: CommandIDs.openModels, category: trans.__('Other'), rank: 21 });
  }
};

/** The place in the Models view, as the panel reads it. */
function placeOf({ name, version }: ReadonlyPartialJSONObject): string {
  return [MODELS, name, name && version].filter(Boolean).join('/');
}

export default modelsPlugin;

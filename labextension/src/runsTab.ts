import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { ReadonlyJSONObject, UUID } from '@lumino/coreutils';

import { CommandIDs } from './commands';
import { modelsIcon, runsIcon } from './icons';
import { followOrders } from './orders';
import { IPanelLink } from './panelLink';
import { RunsPanel } from './runsPanel';
import { Seat } from './seat';
import { showSeat } from './seatStates';

type RunsTab = MainAreaWidget<RunsPanel>;
interface ITabArgs {
  key: string;
  title: string;
  state: ReadonlyJSONObject;
}

const runsTabPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:tab',
  description: 'Shows runs in a tab.',
  autoStart: true,
  requires: [IPanelLink],
  optional: [ILayoutRestorer, ICommandPalette, ILauncher, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    link: IPanelLink,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nbruns');
    const tabs = new WidgetTracker<RunsTab>({ namespace: 'nbruns-runs' });
    const seats = new Map<RunsTab, Seat>();

    const openTab = (args: ITabArgs): RunsTab => {
      const [tab, seat] = makeTab(args, link, trans);
      seats.set(tab, seat);
      tab.disposed.connect(() => seats.delete(tab));
      followOrders(app, seat);
      seat.said.connect((_, said) => {
        if (said.type === 'state') {
          tab.title.label = said.title || titleOf(said.state, trans);
          tab.title.icon = iconOf(said.state);
          void tabs.save(tab);
        }
      });
      app.shell.add(tab, 'main');
      void tabs.add(tab);
      link.add(seat);
      return tab;
    };

    app.commands.addCommand(CommandIDs.openTab, {
      label: trans.__('Runs in a Tab'),
      caption: trans.__('Show runs of any notebook or experiment in a tab'),
      icon: runsIcon,
      execute: args => {
        const key = typeof args.key === 'string' ? args.key : UUID.uuid4();
        const open = tabs.find(tab => tab.id === tabWidgetId(key));
        const state = (args.state ?? { experiments: true }) as ReadonlyJSONObject;
        const tab = open ?? openTab({ key, state, title: String(args.title ?? '') });
        if (open && args.place !== undefined) {
          seats.get(open)?.tell('go', { place: args.place as string | null });
        }
        app.shell.activateById(tab.id);
      },
      describedBy: {
        args: {
          type: 'object',
          properties: {
            state: { type: 'object', description: trans.__('What is ticked, sorted, filtered') },
            title: { type: 'string', description: trans.__('What the tab is called') },
            key: { type: 'string', description: trans.__('Which tab, where it is open already') },
            place: {
              type: ['string', 'null'],
              description: trans.__('Where among the models a tab that is open already goes')
            }
          }
        }
      }
    });
    const category = trans.__('Runs');
    palette?.addItem({ command: CommandIDs.openTab, category });
    launcher?.add({ command: CommandIDs.openTab, category: trans.__('Other'), rank: 20 });

    void restorer?.restore(tabs, {
      command: CommandIDs.openTab,
      args: tab => ({
        key: tab.id.slice(tabWidgetId('').length),
        title: tab.title.label,
        state: seats.get(tab)?.state ?? {}
      }),
      name: tab => tab.id
    });
  }
};

function makeTab(args: ITabArgs, link: IPanelLink, trans: TranslationBundle): [RunsTab, Seat] {
  const content = new RunsPanel(trans, `nbruns-runs-${args.key}`);
  const seat = new Seat(`:${args.key}`, args.state);
  showSeat(content, seat, () => link.connect(), trans);
  const tab = new MainAreaWidget({ content });
  tab.id = tabWidgetId(args.key);
  tab.addClass('nbruns-runs-tab');
  tab.title.label = args.title || titleOf(args.state, trans);
  tab.title.icon = iconOf(args.state);
  tab.title.closable = true;
  tab.toolbar.hide();
  return [tab, seat];
}

function iconOf(state: ReadonlyJSONObject): LabIcon {
  return state.registry ? modelsIcon : runsIcon;
}

/** What a tab is called before the panel has said so: that of a link, say. */
function titleOf(state: ReadonlyJSONObject, trans: TranslationBundle): string {
  const [page, name, version] = String(state.registry ?? '').split('/');
  if (name) {
    return version ? `${name} v${version}` : name;
  }
  const pages: Record<string, string> = {
    models: trans.__('Models'),
    requests: trans.__('Requests'),
    endpoints: trans.__('Endpoints'),
    activity: trans.__('Activity')
  };
  return pages[page] ?? trans.__('Runs');
}

function tabWidgetId(key: string): string {
  return `nbruns-tab-${key}`;
}

export default runsTabPlugin;

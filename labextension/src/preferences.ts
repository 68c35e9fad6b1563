import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Token } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

/** The schema lies with the panel: JupyterLab lists it under that name. */
const SCHEMA = 'nbruns:panel';

/** What a person chose in JupyterLab's settings editor. */
export interface IPreferences {
  /** Whether the side panel turns to the notebook in front. */
  readonly followNotebook: boolean;
  /** Whether the side panel opens by itself when a run starts. */
  readonly openOnRun: boolean;
  /** Whether revisions keep what cells put out. */
  readonly keepOutputs: boolean;
  readonly changed: ISignal<IPreferences, void>;
}

export const IPreferences = new Token<IPreferences>(
  'nbruns:IPreferences',
  'What a person chose for the runs panel and for revisions.'
);

class Preferences implements IPreferences {
  followNotebook = true;
  openOnRun = false;
  keepOutputs = true;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  take({ composite }: ISettingRegistry.ISettings): void {
    this.followNotebook = composite.followNotebook !== false;
    this.openOnRun = composite.openOnRun === true;
    this.keepOutputs = composite.keepOutputs !== false;
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
}

const preferencesPlugin: JupyterFrontEndPlugin<IPreferences> = {
  id: 'nbruns:preferences',
  description: 'Reads the settings of nbruns.',
  autoStart: true,
  provides: IPreferences,
  optional: [ISettingRegistry],
  activate: (_: JupyterFrontEnd, registry: ISettingRegistry | null): IPreferences => {
    const preferences = new Preferences();
    void registry
      ?.load(SCHEMA)
      .then(settings => {
        preferences.take(settings);
        settings.changed.connect(() => preferences.take(settings));
      })
      .catch((error: unknown) => console.warn('nbruns: the settings cannot be read:', error));
    return preferences;
  }
};

export default preferencesPlugin;

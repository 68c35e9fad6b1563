/**
 * Keeps this tab connected to the panel's kernel, whatever becomes of kernel and server.
 *
 * Each connection is a `PanelSession`; when one is lost, the server is asked for the
 * kernel again (it starts one if need be) and a new session is opened, with growing pauses.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ServerConnection, ServiceManager } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { FromPanel, PanelSession } from './panelSession';
import { postJson } from './request';
import { tabId } from './tab';
import { NoWidgets, widgetManagerMaker } from './widgets';

const PAUSES_MS = [200, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

/** Where the link stands; `shown` carries the app's root widget. */
export type LinkState =
  | { kind: 'starting' }
  | { kind: 'shown'; root: Widget }
  | { kind: 'wavering' }
  | { kind: 'held' }
  | { kind: 'failed'; error: unknown };

export class PanelLink implements IDisposable {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly rendermime: IRenderMimeRegistry
  ) {
    this.services = app.serviceManager;
  }

  get changed(): ISignal<this, LinkState> {
    return this._changed;
  }

  /** Everything the app says, save that it is ready. */
  get said(): ISignal<this, FromPanel> {
    return this._said;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The notebook in front, as the server names it. */
  setNotebook(path: string | null): void {
    if (path !== this._path) {
      this._path = path;
      this._session?.tellNotebook(path);
    }
  }

  /** Connect now, dropping whatever is there or under way. */
  connect(): void {
    this._failures = 0;
    this._changed.emit({ kind: 'starting' });
    this.begin();
  }

  dispose(): void {
    this._isDisposed = true;
    this.drop();
    Signal.clearData(this);
  }

  private begin(): void {
    if (!this._isDisposed) {
      this.drop();
      void this.attempt(++this._attempt);
    }
  }

  private drop(): void {
    this._attempt++;
    clearTimeout(this._timer);
    this._session?.dispose();
    this._session = null;
    this._isShown = false;
  }

  private async attempt(attempt: number): Promise<void> {
    try {
      const makeManager = await widgetManagerMaker(this.app, this.rendermime);
      const [kernelId, tab] = await Promise.all([this.startKernel(), tabId()]);
      if (attempt !== this._attempt) {
        return;
      }
      const session = new PanelSession(this.services, kernelId, makeManager);
      this._session = session;
      this.follow(session);
      const path = this._path;
      const root = await session.open(tab, path);
      if (attempt !== this._attempt) {
        root.dispose();
        return;
      }
      this._failures = 0;
      this._isShown = true;
      this._changed.emit({ kind: 'shown', root });
      if (path !== this._path) {
        session.tellNotebook(this._path);
      }
    } catch (error) {
      if (attempt === this._attempt) {
        this._changed.emit({ kind: 'failed', error });
        if (!(error instanceof NoWidgets)) {
          this.beginLater();
        }
      }
    }
  }

  private follow(session: PanelSession): void {
    session.said.connect((_, said) => this._said.emit(said));
    session.lost.connect(() => {
      if (session === this._session) {
        this._changed.emit({ kind: 'starting' });
        this.beginLater();
      }
    });
    session.reached.connect((_, isReached) => {
      if (this._isShown) {
        clearTimeout(this._timer);
        this._changed.emit({ kind: isReached ? 'held' : 'wavering' });
        if (!isReached) {
          this.lookLater(session);
        }
      }
    });
  }

  /** The way is broken: is the kernel still the same when the server answers again? */
  private lookLater(session: PanelSession, pause = 500): void {
    this._timer = window.setTimeout(async () => {
      const kernelId = await this.startKernel().catch(() => null);
      if (session !== this._session) {
        return;
      }
      if (kernelId && kernelId !== session.kernelId) {
        this.begin();
      } else if (!session.isReached) {
        this.lookLater(session, Math.min(2 * pause, 10_000));
      }
    }, pause);
  }

  private beginLater(): void {
    this.drop();
    const pause = PAUSES_MS[Math.min(this._failures++, PAUSES_MS.length - 1)];
    this._timer = window.setTimeout(() => this.begin(), pause);
  }

  private async startKernel(): Promise<string> {
    const settings: ServerConnection.ISettings = this.services.serverSettings;
    const reply = await postJson<{ kernel_id: string }>(settings, 'panel/start', {});
    return reply.kernel_id;
  }

  private readonly services: ServiceManager.IManager;
  private readonly _changed = new Signal<this, LinkState>(this);
  private readonly _said = new Signal<this, FromPanel>(this);
  private _session: PanelSession | null = null;
  private _path: string | null = null;
  private _attempt = 0;
  private _failures = 0;
  private _isShown = false;
  private _timer = 0;
  private _isDisposed = false;
}

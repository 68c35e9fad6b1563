/**
 * Keeps this page connected to the panel's kernel, whatever becomes of kernel and server.
 *
 * Each connection is a `PanelSession`, which serves every seat of the page; when one is lost,
 * the server is asked for the kernel again (it starts one if need be) and a new session is
 * opened, with growing pauses.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ServerConnection, ServiceManager } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';

import { PanelSession } from './panelSession';
import { postJson } from './request';
import { Seat, SeatState } from './seat';
import { tabId } from './tab';
import { NoWidgets, widgetManagerMaker } from './widgets';

const PAUSES_MS = [200, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

export const IPanelLink = new Token<IPanelLink>(
  'nbruns:IPanelLink',
  'Shows apps of the kernel that draws runs.'
);

export interface IPanelLink {
  /** Show an app at a seat, from now until the seat is disposed of. */
  add(seat: Seat): void;
  /** Connect now, dropping whatever is there or under way. */
  connect(): void;
}

export class PanelLink implements IPanelLink, IDisposable {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly rendermime: IRenderMimeRegistry
  ) {
    this.services = app.serviceManager;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  add(seat: Seat): void {
    this.seats.add(seat);
    seat.disposed.connect(() => this.seats.delete(seat));
    if (this._session && this._page) {
      seat.show({ kind: 'starting' });
      void this.open(seat, this._session, this._page);
    } else if (this._isWanted) {
      seat.show({ kind: 'starting' });
    }
  }

  connect(): void {
    this._isWanted = true;
    this._failures = 0;
    this.showAll({ kind: 'starting' });
    this.begin();
  }

  dispose(): void {
    this._isDisposed = true;
    this.drop();
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
    this.seats.forEach(seat => seat.drop());
  }

  private async attempt(attempt: number): Promise<void> {
    try {
      const makeManager = await widgetManagerMaker(this.app, this.rendermime);
      const [kernelId, page] = await Promise.all([this.startKernel(), tabId()]);
      if (attempt !== this._attempt) {
        return;
      }
      const session = new PanelSession(this.services, kernelId, makeManager);
      this._session = session;
      this._page = page;
      this.follow(session);
      await Promise.all([...this.seats].map(seat => this.open(seat, session, page)));
    } catch (error) {
      if (attempt === this._attempt) {
        this.fail(error);
      }
    }
  }

  private async open(seat: Seat, session: PanelSession, page: string): Promise<void> {
    try {
      await seat.open(session, page);
      this._failures = 0;
    } catch (error) {
      if (session === this._session && !seat.isDisposed) {
        this.fail(error);
      }
    }
  }

  private fail(error: unknown): void {
    this.showAll({ kind: 'failed', error });
    if (!(error instanceof NoWidgets)) {
      this.beginLater();
    }
  }

  private follow(session: PanelSession): void {
    session.strayed.connect((_, text) =>
      this.seats.forEach(seat => seat.complain(text))
    );
    session.lost.connect(() => {
      if (session === this._session) {
        this.showAll({ kind: 'starting' });
        this.beginLater();
      }
    });
    session.reached.connect((_, isReached) => {
      const shown = [...this.seats].filter(seat => seat.isShown);
      if (shown.length) {
        clearTimeout(this._timer);
        shown.forEach(seat => seat.show({ kind: isReached ? 'held' : 'wavering' }));
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

  private showAll(state: SeatState): void {
    this.seats.forEach(seat => seat.show(state));
  }

  private readonly services: ServiceManager.IManager;
  private readonly seats = new Set<Seat>();
  private _session: PanelSession | null = null;
  private _page: string | null = null;
  private _attempt = 0;
  private _failures = 0;
  private _timer = 0;
  private _isWanted = false;
  private _isDisposed = false;
}

/** A place in the page where one app of the panel's kernel shows: the side bar, a tab. */
import { JSONObject, ReadonlyJSONObject } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { FromPanel, IApp, PanelSession } from './panelSession';

/** Where a seat stands; `shown` carries the app's root widget. */
export type SeatState =
  | { kind: 'starting' }
  | { kind: 'shown'; root: Widget }
  | { kind: 'wavering' }
  | { kind: 'held' }
  | { kind: 'failed'; error: unknown };

export class Seat implements IDisposable {
  /** `key` tells the seats of one page apart; `state` is what the app begins with. */
  constructor(
    readonly key: string,
    state: ReadonlyJSONObject | null = null
  ) {
    this._state = state;
  }

  get changed(): ISignal<this, SeatState> {
    return this._changed;
  }

  /** Everything the app says, save that it is ready. */
  get said(): ISignal<this, FromPanel> {
    return this._said;
  }

  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** What the app showed last, as it gave it; a new kernel begins with it. */
  get state(): ReadonlyJSONObject | null {
    return this._state;
  }

  /** The notebook in front, as the server names it. */
  setNotebook(path: string | null): void {
    if (path !== this._path) {
      this._path = path;
      this.send({ type: 'notebook', path });
    }
  }

  /** Say something to the app; before it is there the newest of each type is kept for it. */
  tell(type: string, data: JSONObject): void {
    if (this._app) {
      this.send({ type, ...data });
    } else {
      this._kept.set(type, { type, ...data });
    }
  }

  /** Have this page's app shown through a session. */
  async open(session: PanelSession, page: string): Promise<void> {
    const path = this._path;
    const request = { tab: `${page}${this.key}`, path, state: this._state };
    const isCurrent = () => !this._isDisposed && !session.isDisposed;
    const app = await session.open(request, said => isCurrent() && this.hear(said));
    if (!isCurrent()) {
      app.root.dispose();
      return;
    }
    this._app = app;
    this._changed.emit({ kind: 'shown', root: app.root });
    if (path !== this._path) {
      this.send({ type: 'notebook', path: this._path });
    }
    this._kept.forEach(data => this.send(data));
    this._kept.clear();
  }

  /** The session has ended: what is said from now on is for the next one. */
  drop(): void {
    this._app = null;
  }

  show(state: SeatState): void {
    this._changed.emit(state);
  }

  /** Say an error of the kernel's that no app could say itself. */
  complain(text: string): void {
    this._said.emit({ type: 'error', text });
  }

  get isShown(): boolean {
    return this._app !== null;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.send({ type: 'close' });
      this._disposed.emit();
      Signal.clearData(this);
    }
  }

  private hear(said: FromPanel): void {
    if (said.type === 'state') {
      this._state = said.state;
    }
    this._said.emit(said);
  }

  private send(data: JSONObject): void {
    this._app?.send(data);
  }

  private readonly _changed = new Signal<this, SeatState>(this);
  private readonly _said = new Signal<this, FromPanel>(this);
  private readonly _disposed = new Signal<this, void>(this);
  private readonly _kept = new Map<string, JSONObject>();
  private _state: ReadonlyJSONObject | null;
  private _app: IApp | null = null;
  private _path: string | null = null;
  private _isDisposed = false;
}

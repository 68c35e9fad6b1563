/** One connection to the panel's kernel: its widgets, a control comm for each app, and how it ends. */
import type { KernelWidgetManager } from '@jupyter-widgets/jupyterlab-manager';
import type { DOMWidgetModel, DOMWidgetView } from '@jupyter-widgets/base';
import {
  CommsOverSubshells,
  Event,
  Kernel,
  KernelMessage,
  ServiceManager
} from '@jupyterlab/services';
import { JSONObject, PromiseDelegate, ReadonlyJSONObject } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

const COMM_TARGET = 'nbruns.panel';
const WIDGET_TARGET = 'jupyter.widget';
const PATIENCE_MS = 30_000;

/** What an app says over its control comm. */
export type FromPanel =
  | { type: 'ready'; model_id: string }
  | { type: 'command'; id: string; args: ReadonlyJSONObject }
  | { type: 'state'; state: ReadonlyJSONObject; title: string }
  | { type: 'error'; text: string };

/** Which app is asked for, and what it is to show where the kernel does not know it. */
export interface IAppRequest {
  tab: string;
  path: string | null;
  state: ReadonlyJSONObject | null;
}

/** An app within reach: its root widget, and the way to tell it something. */
export interface IApp {
  readonly root: Widget;
  send(data: JSONObject): void;
}

export class PanelSession implements IDisposable {
  constructor(
    private readonly services: ServiceManager.IManager,
    kernelId: string,
    makeManager: (kernel: Kernel.IKernelConnection) => KernelWidgetManager
  ) {
    this.kernelId = kernelId;
    this.kernel = services.kernels.connectTo({
      model: { id: kernelId, name: 'nbruns-panel' },
      handleComms: true,
      // A subshell runs on a thread of its own, which the app's asyncio code is not made for.
      commsOverSubshells: CommsOverSubshells.Disabled
    });
    this.manager = makeManager(this.kernel);
    this.manager.onUnhandledIOPubMessage.connect(this.onStray, this);
    this.kernel.statusChanged.connect(this.onStatus, this);
    this.kernel.connectionStatusChanged.connect(this.onConnectionStatus, this);
    this.kernel.anyMessage.connect(this.onMessage, this);
    this.kernel.disposed.connect(this.lose, this);
    services.events.stream.connect(this.onEvent, this);
  }

  readonly kernelId: string;

  /** Emitted once, when this session can be of no more use. */
  get lost(): ISignal<this, void> {
    return this._lost;
  }

  /** Emitted when the way to the kernel breaks, and again when it holds: is it there? */
  get reached(): ISignal<this, boolean> {
    return this._reached;
  }

  get isReached(): boolean {
    return this.kernel.connectionStatus === 'connected';
  }

  /** Emitted with what no app could say itself: an error of the kernel's. */
  get strayed(): ISignal<this, string> {
    return this._strayed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask for an app and build its root widget; `hear` is called with all it says. */
  async open(request: IAppRequest, hear: (said: FromPanel) => void): Promise<IApp> {
    // The kernel's other widgets first: a model must not be made from both ends.
    this._restored ??= this.restored();
    await inTime(this._restored);
    const [comm, modelId] = await inTime(this.openComm(request, hear));
    const model = await inTime(this.manager.get_model(modelId) as Promise<DOMWidgetModel>);
    const view = await this.manager.create_view<DOMWidgetView>(model);
    return { root: view.luminoWidget, send: data => this.send(comm, data) };
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._ended.reject(new Error('The connection to the panel ended'));
    this.services.events.stream.disconnect(this.onEvent, this);
    Signal.clearData(this);
    this.manager.dispose();
    void release(this.kernel);
  }

  private async restored(): Promise<void> {
    if (this.manager.restoredStatus) {
      return;
    }
    const restored = new PromiseDelegate<void>();
    this.manager.restored.connect(() => restored.resolve());
    await Promise.race([restored.promise, this._ended.promise]);
  }

  private async openComm(
    request: IAppRequest,
    hear: (said: FromPanel) => void
  ): Promise<[Kernel.IComm, string]> {
    const ready = new PromiseDelegate<string>();
    let isReady = false;
    const comm = this.kernel.createComm(COMM_TARGET);
    comm.onMsg = message => {
      const said = message.content.data as unknown as FromPanel;
      if (said.type === 'ready') {
        isReady = true;
        ready.resolve(said.model_id);
      } else if (said.type === 'error' && !isReady) {
        ready.reject(new Error(said.text));
      } else {
        hear(said);
      }
    };
    comm.onClose = () => {
      ready.reject(new Error('The panel closed the connection'));
      this.lose();
    };
    comm.open(request as unknown as JSONObject);
    return [comm, await Promise.race([ready.promise, this._ended.promise])];
  }

  private send(comm: Kernel.IComm, data: JSONObject): void {
    if (!comm.isDisposed && this.kernel.status !== 'dead') {
      comm.send(data);
    }
  }

  private lose(): void {
    if (!this._isLost && !this._isDisposed) {
      this._isLost = true;
      this._lost.emit();
    }
  }

  private onStatus(_: Kernel.IKernelConnection, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      // The connection is in the middle of its own answer to this.
      setTimeout(() => this.lose());
    }
  }

  private onConnectionStatus(
    _: Kernel.IKernelConnection,
    status: Kernel.ConnectionStatus
  ): void {
    if (status === 'disconnected') {
      this.lose();
    } else if (status === 'connected') {
      this._wasConnected = true;
      this._reached.emit(true);
    } else if (this._wasConnected) {
      this._reached.emit(false);
    }
  }

  /** A restart over REST by someone else changes no status: the server's events tell of it. */
  private onEvent(_: Event.IManager, event: Event.Emission): void {
    if (
      event.schema_id.endsWith('/kernel_actions/v1') &&
      event.kernel_id === this.kernelId &&
      (event.action === 'restart' || event.action === 'shutdown')
    ) {
      this.lose();
    }
  }

  /** Where events are switched off, the new kernel's messages tell: they name a new session. */
  private onMessage(_: Kernel.IKernelConnection, { msg, direction }: Kernel.IAnyMessageArgs): void {
    // Messages without a parent may be the server's own, and name the server's session.
    if (direction !== 'recv' || !('msg_id' in msg.parent_header)) {
      return;
    }
    this._kernelSession ??= msg.header.session;
    if (msg.header.session !== this._kernelSession) {
      this.lose();
    }
  }

  /** Errors of the app's callbacks reach nobody else. */
  private onStray(_: unknown, message: KernelMessage.IIOPubMessage): void {
    if (KernelMessage.isErrorMsg(message)) {
      const { ename, evalue, traceback } = message.content;
      // Terminal colours, which a console does not draw.
      console.warn(`nbruns panel: ${traceback.join('\n').replace(/\x1b\[[0-9;]*m/g, '')}`);
      this._strayed.emit(`${ename}: ${evalue}`);
    }
  }

  private readonly kernel: Kernel.IKernelConnection;
  private readonly manager: KernelWidgetManager;
  private readonly _ended = neverUnhandled(new PromiseDelegate<never>());
  private readonly _lost = new Signal<this, void>(this);
  private readonly _reached = new Signal<this, boolean>(this);
  private readonly _strayed = new Signal<this, string>(this);
  private _restored: Promise<void> | null = null;
  private _kernelSession: string | null = null;
  private _wasConnected = false;
  private _isLost = false;
  private _isDisposed = false;
}

/**
 * Close a connection when nothing of it is under way.
 *
 * A further attempt to connect, or a wait for the kernel's info, throws into the page's
 * console where the connection has gone meanwhile.
 */
async function release(kernel: Kernel.IKernelConnection): Promise<void> {
  if (kernel.isDisposed) {
    return;
  }
  // Until then the app's new widgets are another connection's to build.
  kernel.registerCommTarget(WIDGET_TARGET, () => undefined);
  if (kernel.connectionStatus === 'connecting') {
    await new Promise<void>(resolve => {
      kernel.connectionStatusChanged.connect((_, status) => {
        if (status !== 'connecting') {
          resolve();
        }
      });
    });
  }
  if (kernel.connectionStatus === 'connected') {
    await kernel.requestKernelInfo().catch(() => undefined);
  }
  kernel.dispose();
}

/** A rejection nobody waits for is no error here. */
function neverUnhandled<T>(delegate: PromiseDelegate<T>): PromiseDelegate<T> {
  delegate.promise.catch(() => undefined);
  return delegate;
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('The panel gave no answer in time')),
      PATIENCE_MS
    );
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

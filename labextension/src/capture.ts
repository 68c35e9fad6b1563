/**
 * The live notebook, unsaved edits included, becomes a revision when a run asks for it.
 *
 * The kernel asks with a display update of a private type, not with a comm: a comm
 * makes JupyterLab open a subshell, and falls silent after a page reload.
 */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContext } from '@jupyterlab/apputils';
import { INotebookContent } from '@jupyterlab/nbformat';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { KernelMessage, ServerConnection } from '@jupyterlab/services';

import { CommandIDs } from './commands';
import { withoutLargeOutputs, withoutOutputs } from './outputLimit';
import { serverPath } from './paths';
import { IPreferences } from './preferences';
import { postJson } from './request';

const CAPTURE_MIME = 'application/vnd.nbruns.capture+json';
/** What the server tells of runs that kernels without nbruns (R, bash) start by REST. */
const CAPTURE_EVENTS = 'urn:nbruns:capture';
/** How long a tab that did not execute the cell leaves it to the one that did. */
const ELSEWHERE_MS = 500;

/** What the kernel says when a run starts or ends. */
interface ICaptureWish {
  run_id: string;
  kernel_id?: string;
  reason: 'start' | 'end';
}

/** What the kernel says when the notebook is to be kept now, with or without a run. */
interface ISnapshotWish {
  snapshot_id: string;
  reason: 'snapshot';
  cell_id?: string;
  run_id?: string;
  message?: string;
}

type Wish = ICaptureWish | ISnapshotWish;

const capturePlugin: JupyterFrontEndPlugin<void> = {
  id: 'nbruns:capture',
  description: 'Keeps the notebook as it stands in the browser when a run starts or ends.',
  autoStart: true,
  requires: [INotebookTracker, IPreferences],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, preferences: IPreferences) => {
    const { contents, serverSettings } = app.serviceManager;
    // Two views of one notebook share its session: it is heard once.
    const heard = new WeakSet<ISessionContext>();
    const listen = (panel: NotebookPanel) => {
      if (heard.has(panel.sessionContext)) {
        return;
      }
      heard.add(panel.sessionContext);
      panel.sessionContext.iopubMessage.connect((_, message) => {
        const wish = readWish(message);
        if (wish) {
          const delay = isAskedHere(message, panel) ? 0 : ELSEWHERE_MS;
          window.setTimeout(() => keep(panel, wish), delay);
        }
      });
    };
    const keep = (panel: NotebookPanel, wish: Wish) => {
      if (panel.isDisposed) {
        return;
      }
      const content = contentOf(panel, preferences.keepOutputs);
      void send(wish, serverPath(contents, panel.context.path), content, serverSettings);
      if (wish.reason === 'start' && preferences.openOnRun) {
        void app.commands.execute(CommandIDs.openPanel);
      }
    };
    tracker.forEach(listen);
    tracker.widgetAdded.connect((_, panel) => listen(panel));
    app.serviceManager.events.stream.connect((_, event) => {
      const wish = event.schema_id === CAPTURE_EVENTS ? (event as unknown) : null;
      if (isWish(wish) && wish.reason !== 'snapshot') {
        const of = panelsOf(tracker, wish.kernel_id);
        of.forEach(panel => void whenReady(panel, wish).then(() => keep(panel, wish)));
      }
    });
  }
};

/** Whether the cell was executed in this tab: another one may show the notebook as it was. */
function isAskedHere(message: KernelMessage.IMessage, panel: NotebookPanel): boolean {
  const { session } = message.parent_header as Partial<KernelMessage.IHeader>;
  return session === panel.sessionContext.session?.kernel?.clientId;
}

/** The notebooks open here that a kernel serves, each once. */
function panelsOf(tracker: INotebookTracker, kernelId?: string): NotebookPanel[] {
  const found = new Map<object, NotebookPanel>();
  tracker.forEach(panel => {
    if (kernelId && panel.sessionContext.session?.kernel?.id === kernelId) {
      found.set(panel.context, panel);
    }
  });
  return [...found.values()];
}

/** At the end of a run: when its cell has ended, for its outputs are complete then. */
async function whenReady(panel: NotebookPanel, wish: ICaptureWish): Promise<void> {
  const kernel = panel.sessionContext.session?.kernel;
  if (wish.reason === 'start' || !kernel || kernel.status !== 'busy') {
    return;
  }
  await new Promise<void>(resolve => {
    const look = (_: unknown, status: string) => {
      if (status !== 'busy') {
        kernel.statusChanged.disconnect(look);
        resolve();
      }
    };
    kernel.statusChanged.connect(look);
  });
}

function readWish(message: KernelMessage.IMessage): Wish | null {
  if (!KernelMessage.isUpdateDisplayDataMsg(message)) {
    return null;
  }
  const wish = message.content.data[CAPTURE_MIME] as unknown;
  return isWish(wish) ? wish : null;
}

function isWish(value: unknown): value is Wish {
  const wish = value as Partial<Wish> | null | undefined;
  if (wish?.reason === 'snapshot') {
    return typeof wish.snapshot_id === 'string';
  }
  return (
    typeof wish?.run_id === 'string' && (wish.reason === 'start' || wish.reason === 'end')
  );
}

/** The notebook as it is now. */
function contentOf(panel: NotebookPanel, withOutputs: boolean): INotebookContent {
  const content = panel.context.model.toJSON() as INotebookContent;
  return withOutputs ? withoutLargeOutputs(content) : withoutOutputs(content);
}

/** Send a notebook; what fails is told, for the kernel then keeps what it ran. */
async function send(
  wish: Wish,
  path: string,
  content: INotebookContent,
  settings: ServerConnection.ISettings
): Promise<void> {
  const call = wish.reason === 'snapshot' ? 'revisions/snapshot' : 'revisions/capture';
  try {
    await postJson(settings, call, { ...wish, path, content });
  } catch (error) {
    console.warn(`nbruns could not keep the notebook '${path}':`, error);
  }
}

export default capturePlugin;

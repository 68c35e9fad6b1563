/**
 * A widget manager for a kernel that no document owns.
 *
 * The widgets' own package exports `KernelWidgetManager` with an empty class registry. The
 * registry is filled only for managers made by its `registerWidgetManager`, which wants a
 * notebook: it is given a stand-in for one, the manager it makes is kept, and asked for classes.
 */
import type { WidgetModel, WidgetView } from '@jupyter-widgets/base';
import type { KernelWidgetManager, WidgetRenderer } from '@jupyter-widgets/jupyterlab-manager';
import { JupyterFrontEnd } from '@jupyterlab/application';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookModel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Kernel } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

type WidgetClass = typeof WidgetModel | typeof WidgetView;

interface IClassLoader {
  loadClass(className: string, moduleName: string, moduleVersion: string): Promise<WidgetClass>;
}

type ManagerMaker = (kernel: Kernel.IKernelConnection) => KernelWidgetManager;

const WIDGETS_PLUGIN = '@jupyter-widgets/jupyterlab-manager:plugin';

/** JupyterLab runs without the extension that draws widgets, or with it switched off. */
export class NoWidgets extends Error {}

let maker: Promise<ManagerMaker> | null = null;

/** What makes a manager at once (no message of a new kernel may come before it). */
export function widgetManagerMaker(
  app: JupyterFrontEnd,
  rendermime: IRenderMimeRegistry
): Promise<ManagerMaker> {
  if (!app.hasPlugin(WIDGETS_PLUGIN)) {
    return Promise.reject(new NoWidgets());
  }
  maker ??= loadMaker(rendermime).catch((error: unknown) => {
    maker = null;
    throw error;
  });
  return maker;
}

async function loadMaker(rendermime: IRenderMimeRegistry): Promise<ManagerMaker> {
  const widgets = await import('@jupyter-widgets/jupyterlab-manager');
  const classes = await new Promise<IClassLoader>(resolve => {
    const keeper = { set manager(made: unknown) { resolve(made as IClassLoader); } };
    widgets.registerWidgetManager(
      standInContext(),
      rendermime.clone(),
      [keeper as unknown as WidgetRenderer].values()
    );
  });

  class PanelWidgetManager extends widgets.KernelWidgetManager {
    protected override loadClass(
      className: string,
      moduleName: string,
      moduleVersion: string
    ): Promise<WidgetClass> {
      return classes.loadClass(className, moduleName, moduleVersion);
    }
  }
  return kernel => new PanelWidgetManager(kernel, rendermime.clone());
}

/** As much of a notebook's context as a widget manager asks for; its kernel handles no comms. */
function standInContext(): DocumentRegistry.IContext<INotebookModel> {
  const kernel = {
    id: UUID.uuid4(),
    handleComms: false,
    registerCommTarget: () => undefined,
    removeCommTarget: () => undefined
  };
  const owner = {};
  const context = {
    sessionContext: {
      ready: Promise.resolve(),
      session: { kernel },
      kernelChanged: new Signal(owner),
      statusChanged: new Signal(owner),
      connectionStatusChanged: new Signal(owner)
    },
    model: { getMetadata: () => undefined },
    saveState: new Signal(owner)
  };
  return context as unknown as DocumentRegistry.IContext<INotebookModel>;
}

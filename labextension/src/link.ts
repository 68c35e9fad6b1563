import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { IPanelLink, PanelLink } from './panelLink';

const linkPlugin: JupyterFrontEndPlugin<IPanelLink> = {
  id: 'nbruns:link',
  description: 'Connects the page to the kernel that draws runs.',
  autoStart: true,
  provides: IPanelLink,
  requires: [IRenderMimeRegistry],
  activate: (app: JupyterFrontEnd, rendermime: IRenderMimeRegistry): IPanelLink => {
    const link = new PanelLink(app, rendermime);
    // Before that, kernels and notebooks of the former page are still coming back.
    void app.restored.then(() => link.connect());
    return link;
  }
};

export default linkPlugin;

import { PanelLayout, Widget } from '@lumino/widgets';

/** A line that, pressed, shows what lies folded under it; that is made when first asked for. */
export class Fold extends Widget {
  constructor(label: string, make: () => Widget[]) {
    super({ node: document.createElement('details') });
    this.addClass('nbruns-fold');
    const summary = document.createElement('summary');
    summary.textContent = label;
    const layout = new PanelLayout();
    layout.addWidget(new Widget({ node: summary }));
    this.layout = layout;
    const open = () => make().forEach(widget => layout.addWidget(widget));
    this.node.addEventListener('toggle', open, { once: true });
  }
}

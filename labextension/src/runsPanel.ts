/** The frame in the side bar or a tab: the app's root widget, and what is to be said about it. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Panel, PanelLayout, Widget } from '@lumino/widgets';

import { runsIcon } from './icons';

export interface INotice {
  text: string;
  isBusy?: boolean;
  button?: { label: string; press: () => void };
}

export class RunsPanel extends Widget {
  constructor(
    private readonly trans: TranslationBundle,
    id = 'nbruns-panel'
  ) {
    super();
    this.id = id;
    this.addClass('nbruns-panel');
    this.title.icon = runsIcon;
    this.title.caption = trans.__('Runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Runs'));

    this.notice = new Line('nbruns-panel-notice', 'status');
    this.complaint = new Line('nbruns-panel-complaint', 'alert');
    this.body = new Panel();
    this.body.addClass('nbruns-panel-body');
    const layout = new PanelLayout();
    layout.addWidget(this.notice);
    layout.addWidget(this.complaint);
    layout.addWidget(this.body);
    this.layout = layout;
  }

  /** Put the app's root widget in place of the former one. */
  showApp(root: Widget): void {
    this.root?.dispose();
    this.root = root;
    this.body.addWidget(root);
    this.complaint.clear();
    this.unsay();
  }

  /** Say something over the app, which is out of reach meanwhile. */
  say(notice: INotice): void {
    this.setStale(true);
    this.notice.set(notice);
  }

  /** The app is within reach again. */
  unsay(): void {
    this.setStale(false);
    this.notice.clear();
  }

  /** Tell of a failure of the app; it stays until it is dismissed. */
  complain(text: string): void {
    this.complaint.set({
      text,
      button: { label: this.trans.__('Dismiss'), press: () => this.complaint.clear() }
    });
  }

  private setStale(isStale: boolean): void {
    this.body.node.dataset.stale = String(isStale);
    this.body.node.inert = isStale;
  }

  private readonly notice: Line;
  private readonly complaint: Line;
  private readonly body: Panel;
  private root: Widget | null = null;
}

/** A line of text with at most one button. */
class Line extends Widget {
  constructor(className: string, role: string) {
    super();
    this.addClass(className);
    this.node.setAttribute('role', role);
    this.text = document.createElement('span');
    this.text.className = `${className}-text`;
    this.button = document.createElement('button');
    this.button.className = 'jp-Button jp-mod-styled jp-mod-minimal';
    this.node.append(this.text, this.button);
    this.clear();
  }

  set(notice: INotice): void {
    this.node.hidden = false;
    this.node.dataset.busy = String(notice.isBusy ?? false);
    this.text.textContent = notice.text;
    this.button.hidden = !notice.button;
    this.button.textContent = notice.button?.label ?? '';
    this.button.onclick = notice.button?.press ?? null;
  }

  clear(): void {
    this.node.hidden = true;
    this.text.textContent = '';
  }

  private readonly text: HTMLSpanElement;
  private readonly button: HTMLButtonElement;
}

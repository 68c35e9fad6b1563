/** The head of a difference: what is compared with what, the summary, and the way through it. */
import { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretUpIcon, LabIcon, refreshIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { line } from './cellDifference';
import { IDifference, IListedRevision, IRevision } from './revision';
import { shortTime } from './times';

export interface IDiffOrders {
  compareWith: (revisionId: string) => Promise<void>;
  refresh: () => Promise<void>;
  restore: () => Promise<void>;
  step: (by: number) => void;
}

export class DiffHead extends Widget {
  constructor(
    name: string,
    private readonly revision: IRevision,
    private readonly trans: TranslationBundle,
    orders: IDiffOrders
  ) {
    super();
    this.addClass('nbruns-diff-head');
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', trans.__('Changes'));
    const time = shortTime(revision.captured_ms);
    this.base = line('nbruns-diff-base', name ? `${name} · ${time}` : time, 'span');
    this.arrow = line('nbruns-diff-arrow', '→', 'span');
    this.choice = document.createElement('select');
    this.choice.className = 'nbruns-diff-choice';
    this.choice.setAttribute('aria-label', trans.__('Compare with'));
    this.choice.onchange = () => void orders.compareWith(this.choice.value);
    const sides = line('nbruns-diff-sides', '');
    sides.append(this.base, this.arrow, this.choice);

    this.words = line('nbruns-diff-words', '', 'span');
    this.others = line('nbruns-diff-others', '', 'span');
    const summary = line('nbruns-diff-summary', '');
    summary.setAttribute('aria-live', 'polite');
    summary.append(this.words, this.others);

    this.counter = line('nbruns-diff-counter', '', 'span');
    this.back = iconButton(caretUpIcon, trans.__('Previous change'), () => orders.step(-1));
    this.next = iconButton(caretDownIcon, trans.__('Next change'), () => orders.step(1));
    this.again = iconButton(refreshIcon, trans.__('Refresh'), () => void orders.refresh());
    this.again.dataset.nbruns = 'refresh';
    const restore = document.createElement('button');
    restore.className = 'jp-Button jp-mod-styled jp-mod-accept';
    restore.dataset.nbruns = 'restore';
    restore.textContent = trans.__('Restore');
    restore.title = trans.__('Put the notebook back as it was in %1', name || time);
    restore.onclick = () => {
      restore.disabled = true;
      void orders.restore().finally(() => (restore.disabled = false));
    };
    const tools = line('nbruns-diff-tools', '');
    tools.append(this.counter, this.back, this.next, this.again, restore);
    this.node.append(sides, summary, tools);
  }

  /** The change in front, counted from 0. */
  at = -1;

  /** What it may be compared with. */
  list(listed: IListedRevision[], chosen: string): void {
    const options = [this.option('', this.trans.__('the notebook now'))];
    for (const one of listed) {
      if (one.revision_id !== this.revision.revision_id) {
        options.push(this.option(one.revision_id, this.labelOf(one)));
      }
    }
    if (options.every(option => option.value !== chosen)) {
      options.push(this.option(chosen, this.trans.__('a revision of another notebook')));
    }
    this.choice.replaceChildren(...options);
    this.choice.value = chosen;
  }

  /** What the difference is, in words. */
  tell(difference: IDifference | null, baseId: string): void {
    const isReversed = difference?.new?.revision_id === baseId;
    this.arrow.textContent = isReversed ? '←' : '→';
    const { words, other_words: others } = difference ?? { words: '', other_words: '' };
    const isCodeUnchanged = words === 'unchanged';
    this.words.textContent =
      isCodeUnchanged && others ? this.trans.__('code unchanged') : words;
    this.words.dataset.unchanged = String(isCodeUnchanged);
    this.others.textContent = others;
    this.setStale(false);
    this.place(-1, 0);
  }

  /** Which of how many changes is in front. */
  place(at: number, count: number): void {
    this.at = at;
    this.counter.textContent = count > 0 ? `${at + 1} / ${count}` : '';
    this.back.disabled = at <= 0;
    this.next.disabled = at >= count - 1;
  }

  /** Whether what is shown was true a while ago. */
  setStale(isStale: boolean): void {
    this.again.dataset.stale = String(isStale);
    this.again.title = isStale
      ? this.trans.__('The notebook has changed since: refresh')
      : this.trans.__('Refresh');
  }

  private option(value: string, label: string): HTMLOptionElement {
    const option = document.createElement('option');
    option.value = value;
    option.textContent = label;
    return option;
  }

  private labelOf(one: IListedRevision): string {
    const time = shortTime(one.captured_ms);
    const names = [...new Set(one.runs.map(run => run.name))];
    if (names.length === 0) {
      return this.trans.__('kept before a restore · %1', time);
    }
    const more = names.length > 1 ? ` +${names.length - 1}` : '';
    return `${names[0]}${more} · ${time}`;
  }

  private readonly base: HTMLElement;
  private readonly arrow: HTMLElement;
  private readonly choice: HTMLSelectElement;
  private readonly words: HTMLElement;
  private readonly others: HTMLElement;
  private readonly counter: HTMLElement;
  private readonly back: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private readonly again: HTMLButtonElement;
}

function iconButton(icon: LabIcon, label: string, press: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.className = 'nbruns-diff-button jp-Button jp-mod-minimal';
  button.setAttribute('aria-label', label);
  button.title = label;
  button.onclick = press;
  icon.element({ container: button, tag: 'span' });
  return button;
}

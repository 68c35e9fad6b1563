/** The name of this browser tab, by which the panel's kernel keeps a panel for it. */
import { ReadonlyJSONObject, UUID } from '@lumino/coreutils';

const TAB_KEY = 'nbruns:tab';
const STATE_KEY = 'nbruns:state';

let claimed: Promise<string> | null = null;

/** The tab's name: it outlives a reload, and no other living tab has the same. */
export function tabId(): Promise<string> {
  claimed ??= claim();
  return claimed;
}

async function claim(): Promise<string> {
  const kept = sessionStorage.getItem(TAB_KEY);
  if (kept && (await hold(kept))) {
    return kept;
  }
  // A first visit; or a duplicated tab, which begins with a copy of the other's storage.
  const id = UUID.uuid4();
  sessionStorage.setItem(TAB_KEY, id);
  await hold(id);
  return id;
}

/** Hold a name for as long as the page lives; false when another page holds it. */
function hold(id: string): Promise<boolean> {
  // Browsers have no locks where a page comes over plain HTTP from another machine.
  const locks: LockManager | undefined = navigator.locks;
  if (!locks) {
    return Promise.resolve(true);
  }
  return new Promise(resolve => {
    locks
      .request(`${TAB_KEY}:${id}`, { ifAvailable: true }, lock => {
        resolve(lock !== null);
        return lock && new Promise<void>(() => undefined);
      })
      // A browser that forbids locks: the name is as good as without them.
      .catch(() => resolve(true));
  });
}

/** What the side panel showed last in this tab, for a kernel that does not know it. */
export function keptState(): ReadonlyJSONObject | null {
  try {
    return JSON.parse(sessionStorage.getItem(STATE_KEY) ?? 'null') as ReadonlyJSONObject | null;
  } catch {
    return null;
  }
}

export function keepState(state: ReadonlyJSONObject): void {
  sessionStorage.setItem(STATE_KEY, JSON.stringify(state));
}

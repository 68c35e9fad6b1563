/** A view of runs as words in an address: what is ticked, sorted, filtered and drawn. */
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { ReadonlyJSONObject } from '@lumino/coreutils';

export const VIEW_FIELD = 'nbruns';

/** The address that opens this JupyterLab on a view. */
export function viewUrl(view: ReadonlyJSONObject): string {
  const app = PageConfig.getOption('appUrl') || '/lab';
  const url = URLExt.join(PageConfig.getBaseUrl(), app);
  return `${url}?${VIEW_FIELD}=${encode(JSON.stringify(view))}`;
}

/** The view in the search part of an address; null where there is none that can be read. */
export function viewIn(search: string): ReadonlyJSONObject | null {
  const text = new URLSearchParams(search).get(VIEW_FIELD);
  try {
    const view: unknown = text ? JSON.parse(decode(text)) : null;
    const isObject = typeof view === 'object' && view !== null && !Array.isArray(view);
    return isObject ? (view as ReadonlyJSONObject) : null;
  } catch {
    return null;
  }
}

// base64url: mail and chat programs end an address at quotes and brackets.
function encode(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), byte => String.fromCharCode(byte));
  return btoa(bytes.join('')).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function decode(text: string): string {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return new TextDecoder().decode(Uint8Array.from(plain, letter => letter.charCodeAt(0)));
}

/** The one way from the browser to our part of the server. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** The server answered, and the answer was no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string
  ) {
    super(message);
    this.name = 'Refused';
  }
}

/** GET `api/1.0/<path>` with the query's fields. */
export function getJson<T>(
  settings: ServerConnection.ISettings,
  path: string,
  query: Record<string, string> = {}
): Promise<T> {
  const fields = new URLSearchParams(query).toString();
  return ask<T>(settings, fields ? `${path}?${fields}` : path, { method: 'GET' });
}

/** POST a JSON body to `api/1.0/<path>`. */
export function postJson<T>(
  settings: ServerConnection.ISettings,
  path: string,
  body: object
): Promise<T> {
  return ask<T>(settings, path, { method: 'POST', body: JSON.stringify(body) });
}

async function ask<T>(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, 'nbruns/api/1.0') + '/' + path;
  const response = await ServerConnection.makeRequest(url, init, settings);
  const text = await response.text();
  if (!response.ok) {
    throw new Refused(response.status, sentenceOf(text) || response.statusText);
  }
  return JSON.parse(text) as T;
}

/** The sentence in an answer's `message`, or nothing. */
function sentenceOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : '';
  } catch {
    return '';
  }
}

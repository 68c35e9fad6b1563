import { Contents } from '@jupyterlab/services';

/** The path as the server knows it: real-time collaboration puts a drive's name before it. */
export function serverPath(contents: Contents.IManager, path: string): string {
  return contents.driveName(path) === 'RTC' ? contents.localPath(path) : path;
}

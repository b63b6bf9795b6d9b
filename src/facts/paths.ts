/** Knows how paths of the tree are taken apart and joined; all of them are relative to its root. */

/** Folder of a path, without a slash at the end; "" for the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Last part of a path: the name of the file. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Joins a relative path to a folder of the tree; undefined when it is absolute or leaves the tree. */
export function joinPath(folder: string, relative: string): string | undefined {
  if (relative.startsWith('/') || relative.startsWith('~') || relative.includes('\0')) return undefined;
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
